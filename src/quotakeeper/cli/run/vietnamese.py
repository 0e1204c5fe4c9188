"""Vietnamese translations for `run`; each key is the English text."""

from __future__ import annotations

TEXTS = {
    # help
    "Run a program unchanged; count its calls to known providers and apply your limits.": (
        "Chạy nguyên một chương trình, đếm mọi lượt gọi tới nhà cung cấp đã biết và áp dụng "
        "hạn mức của bạn."
    ),
    "For a call that would exceed a hard limit: refuse it (raise, stop), wait, lower its output "
    "cap to fit (clamp), or only warn.": (
        "Lượt gọi sẽ vượt hạn mức cứng thì: từ chối (raise, stop), chờ tới khi đủ chỗ (wait), hạ "
        "trần đầu ra của nó xuống phần còn lại (clamp), hoặc chỉ cảnh báo (warn)."
    ),
    "What happens to a call that fits only after other running calls end: wait for them, or "
    "refuse the call.": (
        "Lượt gọi chỉ đủ chỗ sau khi các lượt gọi đang chạy kết thúc thì: chờ chúng xong (wait), "
        "hay từ chối (refuse)."
    ),
    "Longest wait with --on-busy wait, in seconds.": "Với --on-busy wait, chờ lâu nhất bao nhiêu giây.",
    "Longest wait with --on-limit wait, in seconds.": (
        "Với --on-limit wait, chờ lâu nhất bao nhiêu giây."
    ),
    "What is reserved for a call: the most that it can use (worst_case), or the p99 of "
    "similar calls (typical).": (
        "Giữ chỗ bao nhiêu cho một lượt gọi: mức nhiều nhất nó có thể dùng (worst_case), hay "
        "p99 của các lượt gọi tương tự (typical)."
    ),
    "With --on-limit clamp: refuse a call if fewer output tokens than this are left.": (
        "Với --on-limit clamp: từ chối lượt gọi khi số token đầu ra còn lại ít hơn mức này."
    ),
    "Value of the label `project` for every call.": "Giá trị của nhãn `project` cho mọi lượt gọi.",
    "A label for every call; repeatable.": "Một nhãn cho mọi lượt gọi; lặp lại được.",
    "Print a summary on stderr at the end (auto), or none (off).": (
        "In tóm tắt ra stderr lúc kết thúc (auto), hoặc không in (off)."
    ),
    "Write the usage of the run to this file, as JSON.": "Ghi mức dùng của lần chạy này vào tệp, dạng JSON.",
    # messages
    "{program} is started with {detail}, which disables the meter: its calls will not be counted": (
        "{program} chạy với {detail} nên bộ đo không chạy được: các lượt gọi của nó sẽ không được đếm"
    ),
    "the first line of {program} starts Python with {detail}, which disables the meter: its "
    "calls will not be counted": (
        "dòng đầu của {program} chạy Python với {detail} nên bộ đo không chạy được: "
        "các lượt gọi của nó sẽ không được đếm"
    ),
    "{program} clears the environment ({detail}): calls of the programs that it starts will "
    "not be counted": (
        "{program} xóa biến môi trường ({detail}): lượt gọi của các chương trình mà nó khởi "
        "chạy sẽ không được đếm"
    ),
    "{program} is a static binary: only Python programs that it starts are counted": (
        "{program} là tệp nhị phân tĩnh: chỉ đếm được các chương trình Python mà nó chạy"
    ),
    "leave the flag out, or call quotakeeper.watch() in the program": (
        "bỏ cờ đó đi, hoặc gọi quotakeeper.watch() trong chương trình"
    ),
    "a ledger in memory is lost when its process ends: this run will have no summary": (
        "sổ trong bộ nhớ mất theo tiến trình: lần chạy này sẽ không có tổng kết"
    ),
    "no call to a known provider was seen": "không thấy lượt gọi nào tới nhà cung cấp đã biết",
    "no Python program loaded quotakeeper: nothing was counted": (
        "không chương trình Python nào nạp quotakeeper: chưa đếm được gì"
    ),
    "Python {version} is too old for the meter: its calls were not counted": (
        "Python {version} quá cũ cho bộ đo: lượt gọi của nó không được đếm"
    ),
    "calls to providers were refused: {reason}": (
        "các lượt gọi tới nhà cung cấp đã bị từ chối: {reason}"
    ),
    "the meter could not start ({error}): calls were not counted": (
        "bộ đo không khởi động được ({error}): các lượt gọi không được đếm"
    ),
    "{calls} call, {cost}, in {time}": "{calls} lượt gọi, {cost}, trong {time}",
    "{calls} calls, {cost}, in {time}": "{calls} lượt gọi, {cost}, trong {time}",
    "and {n} more model": "và {n} model nữa",
    "and {n} more models": "và {n} model nữa",
    "refused by a limit: {n}": "bị chặn vì hết hạn mức: {n}",
    "refused while calls were paused: {n}": "bị chặn trong lúc tạm dừng: {n}",
    "not sent: {n}": "không gửi đi: {n}",
    "without a known price: {n}": "chưa rõ giá: {n}",
    "estimated: {n}": "ước tính: {n}",
    "assumed, outcome unknown: {n}": "giả định, chưa rõ kết quả: {n}",
    "End with exit code 6 if some calls were perhaps not counted.": (
        "Kết thúc với mã thoát 6 nếu có thể còn lượt gọi chưa được đếm."
    ),
    "--strict: some calls were perhaps not counted (see above)": (
        "--strict: có thể còn lượt gọi chưa được đếm (xem ở trên)"
    ),
    "calls went to the gateway at {address}, which counts them; no other calls were seen": (
        "lượt gọi đi tới gateway tại {address} và được đếm ở đó; không thấy lượt gọi nào khác"
    ),
    "no call to a known provider was seen; calls through {libraries} cannot be seen": (
        "không thấy lượt gọi nào tới nhà cung cấp đã biết; lượt gọi qua {libraries} thì không thể thấy"
    ),
    "connections to {host} that the meter did not see: {n}; their calls are not counted": (
        "số kết nối tới {host} mà bộ đo không thấy: {n}; lượt gọi qua đó không được đếm"
    ),
    "connections to {host} by {library} that the meter did not see: {n}; their calls are not "
    "counted": (
        "số kết nối tới {host} do {library} mở mà bộ đo không thấy: {n}; lượt gọi qua đó không "
        "được đếm"
    ),
    "the program itself": "chính chương trình",
    "{program} was started {n} times with {reason}, which disables the meter: its calls were not "
    "counted": (
        "{program} được khởi động {n} lần với {reason} nên không có bộ đo: lượt gọi của nó không "
        "được đếm"
    ),
    "{program} was started {n} times without the environment variables of the run: its calls "
    "were not counted": (
        "{program} được khởi động {n} lần mà không nhận biến môi trường của lần chạy: lượt gọi "
        "của nó không được đếm"
    ),
    "connections outside the meter could not be detected ({error})": (
        "không theo dõi được các kết nối ngoài bộ đo ({error})"
    ),
    "and {n} more of this kind, see --json": "và {n} mục nữa cùng loại, xem bằng --json",
}
