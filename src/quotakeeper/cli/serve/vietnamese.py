"""Vietnamese translations for `serve`; each key is the English text."""

from __future__ import annotations

TEXTS = {
    # help
    "Serve a gateway that meters and limits the calls of other programs by their keys.": (
        "Mở một gateway đo và giới hạn lượt gọi của các chương trình khác theo khóa của chúng."
    ),
    "Experimental. Clients change their base URL and use a key of `quotakeeper keys create`.": (
        "Đang thử nghiệm. Máy khách đổi URL gốc và dùng khóa tạo bằng `quotakeeper keys create`."
    ),
    "Address to listen on; 0.0.0.0: every address of this machine.": (
        "Địa chỉ lắng nghe; 0.0.0.0: mọi địa chỉ của máy này."
    ),
    "Port to listen on; 0: any free port.": "Cổng lắng nghe; 0: cổng trống bất kỳ.",
    "Send a provider's calls to this address, such as gemini=http://127.0.0.1:8765; repeatable.": (
        "Gửi lượt gọi của một nhà cung cấp tới địa chỉ này, như gemini=http://127.0.0.1:8765; nêu được "
        "nhiều lần."
    ),
    'TOML file with the providers\' keys, such as gemini = "..."; only its owner may read it. '
    "Default: the variables that the SDKs use, such as GEMINI_API_KEY.": (
        'Tệp TOML chứa khóa của các nhà cung cấp, như gemini = "..."; chỉ chủ tệp được đọc. Không nêu '
        "thì dùng các biến mà SDK dùng, như GEMINI_API_KEY."
    ),
    "Serve requests for this host name too; repeatable.": (
        "Phục vụ cả yêu cầu gửi tới tên máy này; nêu được nhiều lần."
    ),
    "Serve the admin API on this address, such as 127.0.0.1:8788; default: not at all.": (
        "Mở API quản trị tại địa chỉ này, như 127.0.0.1:8788; không nêu thì không mở."
    ),
    "File with the admin token; only its owner may use it. Default: the variable "
    "QUOTAKEEPER_ADMIN_TOKEN, else a new token that is printed once.": (
        "Tệp chứa mã quản trị; chỉ chủ tệp được dùng. Không nêu thì dùng biến "
        "QUOTAKEEPER_ADMIN_TOKEN, nếu biến cũng không có thì tạo mã mới và in ra một lần."
    ),
    "Serve the dashboard of this ledger on this port of 127.0.0.1; 0: any free port. Default: not at "
    "all.": (
        "Mở bảng theo dõi của sổ này ở cổng này của 127.0.0.1; 0: cổng trống bất kỳ. Không nêu thì "
        "không mở."
    ),
    "Serve TLS with the certificate in this PEM file; needs --tls-key.": (
        "Phục vụ TLS bằng chứng chỉ trong tệp PEM này; phải nêu cả --tls-key."
    ),
    "PEM file with the certificate's key; only its owner may use it.": (
        "Tệp PEM chứa khóa của chứng chỉ; chỉ chủ tệp được dùng."
    ),
    "Processes that serve on the same port and ledger (Unix).": (
        "Số tiến trình phục vụ trên cùng một cổng và một sổ (Unix)."
    ),
    "The gateway's address for clients, if a server such as nginx is in front of it, such as "
    "https://ai.example.com.": (
        "Địa chỉ của gateway đối với máy khách, khi có máy chủ như nginx đứng trước, như "
        "https://ai.example.com."
    ),
    "Address or network of such a server: its X-Forwarded-For is believed; repeatable.": (
        "Địa chỉ hoặc mạng của máy chủ như vậy: tin X-Forwarded-For của nó; nêu được nhiều lần."
    ),
    "Print no access log.": "Không in nhật ký truy cập.",
    # messages
    "gateway on {url} (Ctrl-C stops it)": "gateway tại {url} (Ctrl-C để dừng)",
    "make a key for each client with: quotakeeper keys create NAME": (
        "tạo khóa cho từng máy khách bằng: quotakeeper keys create TÊN"
    ),
    "clients of other machines send their keys unencrypted: put a server with TLS in front": (
        "máy khách ở máy khác gửi khóa mà không mã hóa: hãy đặt một máy chủ có TLS phía trước"
    ),
    "the ledger cannot be used now, so calls are refused until it can; see: quotakeeper doctor": (
        "hiện không dùng được sổ, nên mọi lượt gọi bị từ chối cho tới khi dùng được; hãy chạy: "
        "quotakeeper doctor"
    ),
    "the gateway has stopped": "gateway đã dừng",
    "admin API on {url}": "API quản trị tại {url}",
    "admin token, which is not shown again: {token}": (
        "mã quản trị, sẽ không hiện lại lần nào nữa: {token}"
    ),
    "administrators on other machines send the token unencrypted: put a server with TLS in front": (
        "người quản trị ở máy khác gửi mã mà không mã hóa: hãy đặt một máy chủ có TLS phía trước"
    ),
    "dashboard on {url}": "bảng theo dõi tại {url}",
    "{count} workers serve": "{count} tiến trình đang phục vụ",
    "worker {number} (process {process}) ended: {how}; it starts again in {pause} s": (
        "tiến trình phục vụ {number} (PID {process}) đã dừng: {how}; sẽ chạy lại sau {pause} giây"
    ),
    "worker {number} could not start: {problem}; it is tried again in {pause} s": (
        "không khởi động được tiến trình phục vụ {number}: {problem}; sẽ thử lại sau {pause} giây"
    ),
    "exit code {code}": "mã thoát {code}",
    "signal {name}": "tín hiệu {name}",
    "the config was reloaded": "đã nạp lại cấu hình",
    "the config was not reloaded, and the old one stays in force: {problem}": (
        "chưa nạp lại được cấu hình, cấu hình cũ vẫn có hiệu lực: {problem}"
    ),
}
