"""Vietnamese translations for `run`; each key is the English text."""

from __future__ import annotations

TEXTS = {
    # help
    "Run a program as it is, with every call to a known provider metered and capped.": (
        "Chạy nguyên một chương trình, đo mọi lời gọi tới nhà cung cấp đã biết và giữ trong hạn mức."
    ),
    "What passing a hard limit does: refuse the call (raise, stop), wait, "
    "clamp its output cap to what is left, or only warn.": (
        "Vượt hạn mức cứng thì: từ chối lời gọi (raise, stop), chờ tới khi đủ chỗ (wait), "
        "hạ trần đầu ra của nó xuống phần còn lại (clamp), hoặc chỉ cảnh báo (warn)."
    ),
    "What happens where only calls under way hold the room: wait for them, or refuse.": (
        "Khi chỗ chỉ đang bị các lời gọi dở dang giữ thì: chờ chúng xong (wait) hay từ chối (refuse)."
    ),
    "How long --on-busy wait waits at most.": "Với --on-busy wait, chờ nhiều nhất bao lâu.",
    "How long --on-limit wait waits at most.": "Với --on-limit wait, chờ nhiều nhất bao lâu.",
    "What is reserved for a call: the most it can use, or the p99 of calls like it.": (
        "Giữ chỗ bao nhiêu cho một lời gọi: mức nó có thể dùng nhiều nhất (worst_case), "
        "hay p99 của các lời gọi cùng loại (typical)."
    ),
    "The output tokens below which --on-limit clamp refuses.": (
        "Còn ít token đầu ra hơn mức này thì --on-limit clamp từ chối."
    ),
    "The label `project` for every call.": "Nhãn `project` cho mọi lời gọi.",
    "A label for every call; repeatable.": "Một nhãn cho mọi lời gọi; lặp lại được.",
    "A few lines on stderr at the end, or none.": "Vài dòng trên stderr lúc kết thúc, hoặc không.",
    "Write what was used to this file.": "Ghi những gì đã dùng vào tệp này.",
    # messages
    "{program} is started with {detail}, which keeps the meter out: its calls will not be counted": (
        "{program} chạy với {detail} nên bộ đo không vào được: các lời gọi của nó sẽ không được đếm"
    ),
    "the first line of {program} starts Python with {detail}, which keeps the meter out: "
    "its calls will not be counted": (
        "dòng đầu của {program} chạy Python với {detail} nên bộ đo không vào được: "
        "các lời gọi của nó sẽ không được đếm"
    ),
    "{program} passes no environment on ({detail}): "
    "the calls of what it starts will not be counted": (
        "{program} không chuyển tiếp môi trường ({detail}): "
        "lời gọi của chương trình nó chạy sẽ không được đếm"
    ),
    "{program} is a static binary: only Python programs that it starts are counted": (
        "{program} là tệp nhị phân tĩnh: chỉ đếm được các chương trình Python mà nó chạy"
    ),
    "leave the flag out, or call quotakeeper.watch() in the program": (
        "bỏ cờ đó đi, hoặc gọi quotakeeper.watch() trong chương trình"
    ),
    "a ledger in memory ends with its process: this run will have no summary": (
        "sổ trong bộ nhớ mất theo tiến trình: lần chạy này sẽ không có tổng kết"
    ),
    "no call to a known provider was seen": "không thấy lời gọi nào tới nhà cung cấp đã biết",
    "no Python program loaded the meter: nothing was counted": (
        "không chương trình Python nào nạp bộ đo: chưa đếm được gì"
    ),
    "Python {version} is too old to be metered: nothing of it is counted": (
        "Python {version} quá cũ để đo: không đếm được gì của nó"
    ),
    "calls to providers were refused: {reason}": (
        "các lời gọi tới nhà cung cấp đã bị từ chối: {reason}"
    ),
    "the meter could not start ({error}): calls were not counted": (
        "bộ đo không khởi động được ({error}): các lời gọi không được đếm"
    ),
    "{calls} call, {cost}, in {time}": "{calls} lượt gọi, {cost}, trong {time}",
    "{calls} calls, {cost}, in {time}": "{calls} lượt gọi, {cost}, trong {time}",
    "and {n} more model": "và {n} model nữa",
    "and {n} more models": "và {n} model nữa",
    "refused by a limit: {n}": "bị hạn mức từ chối: {n}",
    "refused while calls were paused: {n}": "bị từ chối trong lúc tạm dừng: {n}",
    "without a known price: {n}": "chưa rõ giá: {n}",
    "estimated: {n}": "ước tính: {n}",
    "assumed, outcome unknown: {n}": "giả định, chưa rõ kết quả: {n}",
    "End with exit code 6 where not every call can have been counted.": (
        "Kết thúc với mã thoát 6 khi có thể còn lời gọi chưa được đếm."
    ),
    "--strict: not every call can have been counted (see above)": (
        "--strict: có thể còn lời gọi chưa được đếm (xem ở trên)"
    ),
    "calls went to the gateway at {address}, which counts them; no others were seen": (
        "lời gọi đi tới gateway tại {address} và được đếm ở đó; không thấy lời gọi nào khác"
    ),
    "no call to a known provider was seen; calls through {libraries} cannot be seen": (
        "không thấy lời gọi nào tới nhà cung cấp đã biết; lời gọi qua {libraries} thì không thể thấy"
    ),
    "{n} connections to {host} that the meter did not see: their calls are not counted": (
        "{n} kết nối tới {host} mà bộ đo không thấy: lời gọi qua đó không được đếm"
    ),
    "{n} connections to {host} by {library}, which the meter did not see: "
    "their calls are not counted": (
        "{n} kết nối tới {host} do {library} mở mà bộ đo không thấy: lời gọi qua đó không được đếm"
    ),
    "the program itself": "chính chương trình",
    "{program} was started with {reason}, without the meter, {n} times: not counted": (
        "{program} được khởi động với {reason}, không có bộ đo, {n} lần: không được đếm"
    ),
    "{program} was started without the run's environment, {n} times: not counted": (
        "{program} được khởi động mà không nhận môi trường của lần chạy, {n} lần: không được đếm"
    ),
    "connections past the meter could not be watched ({error})": (
        "không theo dõi được các kết nối ngoài bộ đo ({error})"
    ),
    "and {n} more of this kind, see --json": "và {n} mục nữa cùng loại, xem bằng --json",
}
