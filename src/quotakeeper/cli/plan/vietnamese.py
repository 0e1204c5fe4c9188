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
    "Operations to plan, in this order, such as speech_to_text,translate; default: those in the "
    "ledger.": (
        "Các thao tác cần lập kế hoạch, theo thứ tự này, như speech_to_text,translate; không nêu "
        "thì lấy theo sổ."
    ),
    "Model for speech or for text; repeatable.": (
        "Model cho tiếng nói hoặc cho văn bản; nêu được nhiều lần."
    ),
    "Language in which audio may be transcribed; repeatable; you pay for each language. Default: "
    "zh and vi.": (
        "Ngôn ngữ để nhận dạng âm thanh; nêu được nhiều lần, mỗi ngôn ngữ đều tính tiền. "
        "Không nêu thì zh và vi."
    ),
    "Order in which files are planned.": "Thứ tự xếp các tệp.",
    "Maximum number of days to plan, including today.": (
        "Lập kế hoạch tối đa bao nhiêu ngày, kể cả hôm nay."
    ),
    "Exit with code 3 if a file never fits the limits, and with 4 if a file must wait for a "
    "later day.": (
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
    "assumed: the ledger has no history of these operations, so the plan uses the usual rates of "
    "a subtitle pipeline": (
        "giả định: sổ này chưa có lịch sử của các thao tác đó; lấy mức thường gặp của pipeline "
        "phụ đề"
    ),
    "history, files: {n}": "lịch sử, số tệp: {n}",
    "Today {n} of {all} file fits; if the files use more than expected: {high}": (
        "Hôm nay vừa {n} trên {all} tệp; nếu các tệp dùng nhiều hơn dự kiến: {high}"
    ),
    "Today {n} of {all} files fit; if the files use more than expected: {high}": (
        "Hôm nay vừa {n} trên {all} tệp; nếu các tệp dùng nhiều hơn dự kiến: {high}"
    ),
    "{name} never fits: one of its calls needs {asked}, but {limit} is {amount}": (
        "{name} không bao giờ vừa: một lượt gọi cần {asked}, hạn mức {limit} là {amount}"
    ),
    "Also plan files whose outputs already exist.": "Tính cả những tệp đã có kết quả.",
    "Folder where translate wrote its outputs; default: beside each file.": (
        "Thư mục mà translate đã ghi kết quả; không nêu thì cạnh từng tệp."
    ),
    "{n} file already has its outputs; with --again it is planned too": (
        "{n} tệp đã có kết quả; thêm --again để lập kế hoạch cả tệp đó"
    ),
    "{n} files already have their outputs; with --again they are planned too": (
        "{n} tệp đã có kết quả; thêm --again để lập kế hoạch cả những tệp đó"
    ),
    "cannot be done within {days} days: {n} file": "chưa xong trong {days} ngày: {n} tệp",
    "cannot be done within {days} days: {n} files": "chưa xong trong {days} ngày: {n} tệp",
    "{name} exceeds soft limit {limit} at {at}": ("{name} vượt hạn mức mềm {limit} lúc {at}"),
    "{name} is not planned ({why}); by its size it is at most {most} long": (
        "không lập kế hoạch cho {name} ({why}); theo dung lượng thì dài nhiều nhất {most}"
    ),
    "{name} is not planned ({why})": ("không lập kế hoạch cho {name} ({why})"),
    "{name} is not included ({why})": "không tính {name} ({why})",
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
    "only a part of the file was read, and this part does not contain the length": (
        "chỉ đọc được một phần tệp, và phần đó không cho biết độ dài"
    ),
    "quotakeeper cannot read its format": "định dạng này chưa đọc được",
    "it has too many frames to read": "tệp có nhiều khung hơn mức một lần đọc cho phép",
    "it cannot be opened": "không mở được tệp",
    "?: the length is unknown; the plan uses the longest possible length": (
        "?: không rõ độ dài; lập kế hoạch theo độ dài lớn nhất có thể"
    ),
    "+?: the price of a part is not known, so that part is not included": (
        "+?: một phần chưa có giá nên không tính vào"
    ),
}
