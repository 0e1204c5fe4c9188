"""Vietnamese translations of the messages of a pipeline run; each key is the English text."""

from __future__ import annotations

PROGRESS = {
    "{files} media file(s), {new} to be transcribed: {minutes} minutes": (
        "{files} tệp, cần nhận dạng {new} tệp: {minutes} phút"
    ),
    " and {n} of unknown length": " và {n} tệp chưa rõ độ dài",
    "speech to text: {n} of {total} files fit in the quota now if each is transcribed once": (
        "nhận dạng tiếng nói: hạn mức hiện đủ cho {n} trên {total} tệp nếu mỗi tệp nhận dạng "
        "một lần"
    ),
    ", {n} if each has to be transcribed in {languages}": (
        ", {n} tệp nếu mỗi tệp phải nhận dạng bằng {languages}"
    ),
    " and ": " và ",
    "voice": "tách giọng nói",
    "speech to text": "nhận dạng tiếng nói",
    "translation": "dịch",
    "rewriting": "viết lại",
    "files": "ghi tệp",
    "done": "xong",
    "done (all steps were done before; nothing was paid)": (
        "xong (mọi bước đã làm từ trước; không tốn tiền)"
    ),
    "{step}: {cost}": "{step}: {cost}",
    "cost of this file: {cost}": "chi phí của tệp này: {cost}",
    "{amount} a minute, for {minutes} minutes of media": "{amount} mỗi phút, tệp dài {minutes} phút",
    "cost unknown, no price for {n} calls ({known})": (
        "không rõ chi phí, {n} lượt gọi chưa có giá ({known})"
    ),
    "{amount} and {n} calls without a price ({known})": (
        "{amount} và {n} lượt gọi chưa có giá ({known})"
    ),
    "skipped": "bỏ qua",
    "waiting for {when}: {limit}": "chờ đến {when}: {limit}",
    " ({time} here)": " ({time} giờ máy này)",
    ", in {time}": ", còn {time}",
    "it is hidden, or it is in a hidden folder": "tệp ẩn, hoặc nằm trong thư mục ẩn",
    "it is in a subfolder; --recursive includes subfolders": (
        "tệp nằm trong thư mục con; thêm --recursive để lấy cả thư mục con"
    ),
    "its content is audio or video, but its file name has another suffix": (
        "nội dung là âm thanh hoặc video, nhưng đuôi tên tệp thuộc loại khác"
    ),
    "switched off by --no-tracking": "đã tắt bằng --no-tracking",
}

STOPS = {
    "FAILED": "LỖI",
    "FAILED: {n} of {total} file(s)": "LỖI: {n} trên {total} tệp",
    "and {n} more": "và {n} tệp nữa",
    "STOPPED AT A LIMIT: {limit}": "DỪNG VÌ VƯỚNG HẠN MỨC: {limit}",
    "{done} of {total} file(s) are finished; {left} remain, nothing is lost": (
        "xong {done} trên {total} tệp; còn {left} tệp, không mất gì"
    ),
    "calls fit again at {when}": "gọi tiếp được từ {when}",
    "run the same command again then, or use --wait; finished steps are not paid again": (
        "đến lúc đó chạy lại đúng lệnh này, hoặc thêm --wait; bước đã xong không tốn tiền lần nữa"
    ),
    "run the same command again then without --force, or use --wait; finished steps are not paid "
    "again": (
        "đến lúc đó chạy lại lệnh này nhưng bỏ --force, hoặc thêm --wait; bước đã xong không tốn "
        "tiền lần nữa"
    ),
    "interrupted; finished steps are kept: run the same command again": (
        "bị ngắt; các bước đã xong được giữ lại: chạy lại đúng lệnh này để làm tiếp"
    ),
    "no media files were found in the given files and folders": (
        "không tìm thấy tệp âm thanh hay video nào trong các tệp và thư mục đã nêu"
    ),
    "the quota ledger cannot be used: {why}": "không dùng được sổ hạn mức: {why}",
    "this file alone exceeds the limit{unknown}: {limit}": (
        "riêng tệp này đã lớn hơn hạn mức{unknown}: {limit}"
    ),
    " (its length is unknown without ffmpeg, so the longest possible length was reserved)": (
        " (không có ffmpeg nên không biết độ dài; đã giữ chỗ theo độ dài lớn nhất có thể)"
    ),
    "the provider's own quota is used up: {reason}": ("đã hết hạn mức của nhà cung cấp: {reason}"),
    "the provider's own daily quota is used up: {reason}": (
        "đã hết hạn mức ngày của nhà cung cấp: {reason}"
    ),
}

PREFLIGHT = {
    "{provider}: {host} cannot be reached: {why}; nothing was sent or paid; check the network, then "
    "run the same command again": (
        "{provider}: không kết nối được tới {host}: {why}; chưa gửi gì và chưa tốn tiền; hãy kiểm "
        "tra mạng rồi chạy lại đúng lệnh này"
    ),
    "{provider} refuses the key in {variable}: it answered {status}: {said}; nothing was paid; check "
    "the key": (
        "{provider} từ chối khóa trong {variable}: trả lời {status}: {said}; chưa tốn tiền; hãy kiểm "
        "tra khóa"
    ),
    "the outputs cannot be written to {folder}: {why}; nothing more was paid; free some space "
    "there, or choose another folder with --out": (
        "không ghi được kết quả vào {folder}: {why}; không tốn thêm tiền; hãy dọn bớt chỗ ở đó, hoặc "
        "chọn thư mục khác bằng --out"
    ),
    "{program} does not run: {why}; nothing was paid; repair ffmpeg, or work without it: "
    "--ffmpeg off": (
        "{program} không chạy được: {why}; chưa tốn tiền; hãy sửa ffmpeg, hoặc không dùng nó: "
        "--ffmpeg off"
    ),
    "it did not answer in {seconds} s": "không trả lời trong {seconds} giây",
    "it ended with code {code}": "kết thúc với mã {code}",
    "{file} cannot be written: {why}; the run stops, because it could not save the next results "
    "that you pay for; free some space there, then run the same command again": (
        "không ghi được {file}: {why}; dừng lại để không tốn thêm tiền mà mất kết quả; hãy dọn bớt "
        "chỗ ở đó rồi chạy lại đúng lệnh này"
    ),
}

REPLIES = {
    "{provider} answered {status}: {said}": "{provider} trả lời {status}: {said}",
    "{reason} (the provider's credit is used up)": "{reason} (tài khoản ở nhà cung cấp đã hết tiền)",
    "{reason} (check the key)": "{reason} (hãy kiểm tra khóa)",
    "{reason} [{quota}]": "{reason} [{quota}]",
    "{reason} (the provider asks to wait {seconds} s)": "{reason} (nhà cung cấp yêu cầu chờ {seconds} giây)",
    "{reason} ({attempts} attempts)": "{reason} (đã thử {attempts} lần)",
    "{reason} ({attempts} attempts); check the network, then run the same command again: finished "
    "steps are not paid again": (
        "{reason} (đã thử {attempts} lần); hãy kiểm tra mạng rồi chạy lại đúng lệnh này: bước đã "
        "xong không tốn tiền lần nữa"
    ),
    "{reason}; trying again in {seconds} s": "{reason}; thử lại sau {seconds} giây",
    "{provider}: {why}": "{provider}: {why}",
    "{provider}: {why}; counted with an assumed use": "{provider}: {why}; tính theo mức giả định",
    "Gemini refused the text: {why}": "Gemini từ chối văn bản: {why}",
    "Gemini gave no answer ({why})": "Gemini không trả lời ({why})",
    "no reason given": "không nêu lý do",
    "Gemini twice left out {n} of {total} lines ({named})": (
        "Gemini hai lần bỏ sót {n} trên {total} dòng (dòng {named})"
    ),
    "Gemini twice returned a rewriting that is not the requested JSON": (
        "Gemini hai lần trả về bản viết lại không đúng dạng JSON yêu cầu"
    ),
}

FILES = {
    "no speech was recognised in it (tried: {asked})": (
        "không nhận dạng được lời nói (đã thử {asked})"
    ),
    "no speech was recognised in it (tried in an earlier run: {asked}; --force tries again)": (
        "không nhận dạng được lời nói (lần chạy trước đã thử {asked}; thêm --force để thử lại)"
    ),
    "ffmpeg could not be started: {why}": "không khởi động được ffmpeg: {why}",
    "ffmpeg took too long": "ffmpeg chạy quá lâu",
    "no audio could be extracted from it": "không tách được âm thanh từ tệp",
    "no audio could be extracted from it: {said}": "không tách được âm thanh từ tệp: {said}",
    "it cannot be read: {why}": "không đọc được: {why}",
    "it is not a file": "không phải là tệp",
    "there is no such file": "không có tệp này",
    "it is damaged, or is not a {kind} file at all": "tệp bị hỏng, hoặc không phải tệp {kind}",
}

SETTINGS = {
    "no key: set {names} in the environment (to try it without a real key: start python -m "
    "quotakeeper sandbox, set the variables that it shows, and use any text as the key)": (
        "thiếu khóa: hãy đặt biến môi trường {names} (để thử mà không cần khóa, hãy chạy "
        "python -m quotakeeper sandbox, đặt các biến mà lệnh này hiện ra, và đặt khóa là giá trị bất kỳ)"
    ),
    "{name} does not look like a key: it has spaces, line breaks or special characters; copy it "
    "again": (
        "{name} không giống một khóa: có dấu cách, xuống dòng hoặc ký tự lạ; hãy chép lại khóa"
    ),
    "{setting}: {url} is not an http(s) URL": "{setting}: {url} không phải URL http(s)",
    "{setting}: give a plain URL, without user, query or #": (
        "{setting}: hãy nêu URL trơn, không có tên người dùng, tham số hay #"
    ),
    "{setting}: the key would be sent unencrypted to {host}; use https, or allow it with "
    "--plain-http": (
        "{setting}: khóa sẽ đi không mã hóa tới {host}; hãy dùng https, hoặc cho phép bằng "
        "--plain-http"
    ),
    "--ffmpeg: there is no program {program}": "--ffmpeg: không có chương trình {program}",
    "--scope: write LABEL=VALUE, not {given}": "--scope: hãy viết NHÃN=GIÁ_TRỊ, không phải {given}",
    "--attempts and --timeout must be positive": "--attempts và --timeout phải lớn hơn 0",
    "--thinking-budget: 0 for none, -1 for the model's choice, or a number of tokens": (
        "--thinking-budget: 0 là không suy luận, -1 là để model tự chọn, hoặc một số token"
    ),
    "--out: {folder} is not a folder": "--out: {folder} không phải là thư mục",
}

RUN_TEXTS = {**PROGRESS, **STOPS, **PREFLIGHT, **REPLIES, **FILES, **SETTINGS}
