"""Vietnamese translations for `plan` and of forecasts; each key is the English text."""

from __future__ import annotations

TEXTS = {
    # forecasts
    "no data for a forecast": "chưa có dữ liệu để dự báo",
    " (pace {times})": " (nhịp {times})",
    "about {middle} at the end ({low} to {high})": "cuối kỳ khoảng {middle} ({low} đến {high})",
    "forecast from {by}": "dự báo theo {by}",
    "perhaps exhausted, from {at}": "có thể hết, từ {at}",
    " ({low} or later)": " ({low} hoặc muộn hơn)",
    " ({low} to {high})": " ({low} đến {high})",
    "only a few minutes of data so far": "mới có vài phút dữ liệu",
    "the period so far": "cả kỳ đến nay",
    "the last half hour, because the rate changed": "nửa giờ gần nhất, vì tốc độ đã đổi",
    "the last half hour": "nửa giờ qua",
    "the last hour": "giờ qua",
    "the last 3 hours": "3 giờ qua",
    "the last 6 hours": "6 giờ qua",
    "the last day": "một ngày qua",
    # help
    "Estimate what folders of audio and video will cost, and on which day each file fits "
    "your limits.": (
        "Ước tính chi phí của các thư mục âm thanh và video, và ngày nào hạn mức đủ cho từng tệp."
    ),
    "Nothing is sent. The rates come from your ledger's history. To compare models: "
    "quotakeeper estimate.": (
        "Không gửi gì đi. Định mức lấy từ lịch sử trong sổ của bạn. Muốn so giá các model: "
        "quotakeeper estimate."
    ),
    "Operations to plan, in this order: speech_to_text,translate,rewrite; default: those in "
    "the ledger.": (
        "Các thao tác cần lập kế hoạch, theo thứ tự: speech_to_text,translate,rewrite; không "
        "nêu thì lấy theo sổ."
    ),
    "Model for speech or for text; repeatable.": (
        "Model cho tiếng nói hoặc cho văn bản; nêu được nhiều lần."
    ),
    "A language in which audio may be transcribed; repeatable, and each one is paid. "
    "Default: zh and vi.": (
        "Ngôn ngữ để nhận dạng âm thanh; nêu được nhiều lần, mỗi ngôn ngữ đều tính tiền. "
        "Không nêu thì zh và vi."
    ),
    "Order in which files are planned.": "Thứ tự xếp các tệp.",
    "Maximum number of days to plan, including today.": (
        "Lập kế hoạch tối đa bao nhiêu ngày, kể cả hôm nay."
    ),
    "Exit code 3: a file never fits; 4: a file must wait for a later day.": (
        "Mã thoát 3: có tệp không bao giờ đủ hạn mức; 4: có tệp phải chờ sang ngày khác."
    ),
    # the plan
    "Plan at {at} ({zone}); nothing is sent": "Kế hoạch lúc {at} ({zone}); không gửi gì đi",
    "FILE": "TỆP",
    "FILES": "SỐ TỆP",
    "LOW TO HIGH": "KHOẢNG DỰ KIẾN",
    "WHEN": "KHI NÀO",
    "NOT BEFORE": "SỚM NHẤT",
    "WAITED FOR": "VƯỚNG HẠN MỨC",
    "{low} to {high}": "{low} đến {high}",
    "today": "hôm nay",
    "never": "không bao giờ",
    "beyond": "quá số ngày",
    "assumed: the ledger has no history of it; the usual rates of a subtitle pipeline are used": (
        "giả định: sổ này chưa có lịch sử; lấy mức thường gặp của pipeline phụ đề"
    ),
    "history, files: {n}": "lịch sử, số tệp: {n}",
    "Today {n} of {all} file fits; if use is high, {high}": (
        "Hôm nay vừa {n} trên {all} tệp; nếu dùng nhiều thì {high}"
    ),
    "Today {n} of {all} files fit; if use is high, {high}": (
        "Hôm nay vừa {n} trên {all} tệp; nếu dùng nhiều thì {high}"
    ),
    "{name} never fits: one of its calls needs {asked}, but {limit} is {amount}": (
        "{name} không bao giờ vừa: một lượt gọi cần {asked}, hạn mức {limit} là {amount}"
    ),
    "Also plan files whose outputs already exist.": "Tính cả những tệp đã có kết quả.",
    "Folder where translate wrote its outputs; default: beside each file.": (
        "Thư mục mà translate đã ghi kết quả; không nêu thì cạnh từng tệp."
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
    "it is hidden, or it is in a hidden folder": "tệp ẩn, hoặc nằm trong thư mục ẩn",
    "it is in a subfolder; --recursive includes subfolders": (
        "tệp nằm trong thư mục con; dùng --recursive để duyệt thư mục con"
    ),
    "its content is audio or video, but its file name has another suffix": (
        "nội dung là âm thanh hoặc video, nhưng đuôi tên tệp thuộc loại khác"
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
    "?: its length is unknown; it is planned at the longest possible length": (
        "?: không rõ độ dài; lập kế hoạch theo độ dài lớn nhất có thể"
    ),
    "+?: a part has no known price and is not included": (
        "+?: một phần chưa có giá nên không tính vào"
    ),
}
