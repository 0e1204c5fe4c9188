"""Vietnamese translations for `plan` and of forecasts; each key is the English text."""

from __future__ import annotations

TEXTS = {
    # forecasts
    "nothing to foresee it by": "chưa có gì để dự báo",
    " (pace {times})": " (nhịp {times})",
    "ends near {middle} ({low} to {high})": "cuối kỳ khoảng {middle} ({low} đến {high})",
    "foreseen by {by}": "dự báo theo {by}",
    "perhaps exhausted, from {at}": "có thể hết, từ {at}",
    " ({low} or later)": " ({low} hoặc muộn hơn)",
    " ({low} to {high})": " ({low} đến {high})",
    "its first minutes": "những phút đầu",
    "the period so far": "cả kỳ đến nay",
    "the last half hour, a new pace": "nửa giờ qua, nhịp mới",
    "the last half hour": "nửa giờ qua",
    "the last hour": "giờ qua",
    "the last 3 hours": "3 giờ qua",
    "the last 6 hours": "6 giờ qua",
    "the last day": "một ngày qua",
    # help
    "What folders of sound and film would cost by your own history, and on which day each file fits.": (
        "Thư mục âm thanh và phim sẽ tốn bao nhiêu theo lịch sử của chính bạn, tệp nào vừa ngày nào."
    ),
    "Nothing is sent. For the price of one text or sound by many models see: quotakeeper estimate.": (
        "Không gửi gì đi. Muốn so giá một văn bản hay âm thanh theo nhiều model: quotakeeper estimate."
    ),
    "Only these, in this order: speech_to_text,translate,rewrite; else what the ledger knows.": (
        "Chỉ các thao tác này, theo thứ tự này: speech_to_text,translate,rewrite; "
        "không nêu thì theo sổ."
    ),
    "By this model, for speech or for text; repeatable.": (
        "Theo model này, cho tiếng nói hoặc văn bản; nêu được nhiều lần."
    ),
    "A language that sound may be heard in (zh and vi); repeatable, each is paid for.": (
        "Ngôn ngữ để nghe âm thanh (zh và vi); nêu được nhiều lần, mỗi lần nghe đều tính tiền."
    ),
    "The order that files are taken in.": "Lấy các tệp theo thứ tự nào.",
    "How many days to plan at most, today included.": (
        "Lập kế hoạch nhiều nhất bao nhiêu ngày, kể cả hôm nay."
    ),
    "Exit 3 if a file never fits, 4 if some wait a day.": (
        "Mã thoát 3 nếu có tệp không bao giờ vừa, 4 nếu có tệp phải chờ sang ngày."
    ),
    # the plan
    "Plan at {at} ({zone}); nothing is sent": "Kế hoạch lúc {at} ({zone}); không gửi gì đi",
    "FILE": "TỆP",
    "FILES": "SỐ TỆP",
    "LOW TO HIGH": "THẤP ĐẾN CAO",
    "WHEN": "KHI NÀO",
    "NOT BEFORE": "KHÔNG TRƯỚC",
    "WAITED FOR": "CHỜ HẠN MỨC",
    "{low} to {high}": "{low} đến {high}",
    "today": "hôm nay",
    "never": "không bao giờ",
    "beyond": "quá số ngày",
    "assumed: this ledger has no history of it; usual rates of a subtitle pipeline": (
        "giả định: sổ này chưa có lịch sử; lấy mức thường gặp của pipeline phụ đề"
    ),
    "history, files: {n}": "lịch sử, số tệp: {n}",
    "Today {n} of {all} file fits; if use is high, {high}": (
        "Hôm nay vừa {n} trên {all} tệp; nếu dùng nhiều thì {high}"
    ),
    "Today {n} of {all} files fit; if use is high, {high}": (
        "Hôm nay vừa {n} trên {all} tệp; nếu dùng nhiều thì {high}"
    ),
    "{name} never fits: one call of it asks {asked}, {limit} is {amount}": (
        "{name} không bao giờ vừa: một lời gọi cần {asked}, hạn mức {limit} là {amount}"
    ),
    "Plan files too whose outputs are there already.": "Lập kế hoạch cả những tệp đã làm xong.",
    "Where translate wrote its outputs; beside each file, if not given.": (
        "Nơi translate đã ghi kết quả; không ghi thì cạnh mỗi tệp."
    ),
    "{n} file is done already; --again plans it too": (
        "{n} tệp đã làm xong; thêm --again để lập kế hoạch cả tệp đó"
    ),
    "{n} files are done already; --again plans them too": (
        "{n} tệp đã làm xong; thêm --again để lập kế hoạch cả những tệp đó"
    ),
    "not done within {days} days: {n} file": "chưa xong trong {days} ngày: {n} tệp",
    "not done within {days} days: {n} files": "chưa xong trong {days} ngày: {n} tệp",
    "soft limit {limit} is passed at {at} by {name}": (
        "vượt hạn mức mềm {limit} lúc {at} vì {name}"
    ),
    "{name} is left out ({why}); at most {most} by its size": (
        "bỏ qua {name} ({why}); theo dung lượng thì nhiều nhất {most}"
    ),
    "{name} is left out ({why})": "bỏ qua {name} ({why})",
    "it is hidden, or lies in a hidden folder": "tệp ẩn, hoặc nằm trong thư mục ẩn",
    "it lies in a folder of the folder; --recursive enters those": (
        "tệp nằm trong thư mục con; dùng --recursive để duyệt thư mục con"
    ),
    "its bytes are sound or film, but its name has no ending of those": (
        "nội dung là âm thanh hoặc phim, nhưng tên tệp không có phần mở rộng tương ứng"
    ),
    "the file is empty": "tệp rỗng",
    "it is not in a known audio or video format": "nội dung không thuộc định dạng âm thanh hay phim nào",
    "it has no audio": "không có âm thanh",
    "it is damaged or cut off": "tệp hỏng hoặc bị cắt cụt",
    "only a part of it is known, and that part does not tell its length": (
        "chỉ có một phần tệp, và phần đó không cho biết độ dài"
    ),
    "quotakeeper cannot read its format": "định dạng này chưa đọc được",
    "it has too many frames to read": "tệp có nhiều khung hơn mức một lần đọc cho phép",
    "it cannot be opened": "không mở được tệp",
    "?: its bytes do not tell its length; planned at the most that it can be": (
        "?: nội dung tệp không cho biết độ dài; tính theo mức nhiều nhất có thể"
    ),
    "+?: a part of it has no known price and is not in the sum": (
        "+?: có phần chưa có giá, không nằm trong tổng"
    ),
}
