"""Vietnamese translations for the pipeline's option table; each key is the English text."""

from __future__ import annotations

from quotakeeper.cli.translate.run_texts import RUN_TEXTS

TEXTS = {
    **RUN_TEXTS,
    "Translate Chinese video or audio: Vietnamese subtitles, text, titles and captions.": (
        "Dịch video hoặc âm thanh tiếng Trung: phụ đề, văn bản, tiêu đề và chú thích tiếng Việt."
    ),
    "Deepgram transcribes, Gemini translates and rewrites. Every call is checked against "
    "your limits. Writes NAME.srt, NAME.txt and NAME.json.": (
        "Deepgram nhận dạng tiếng nói, Gemini dịch và viết lại. Mọi lượt gọi đều được kiểm "
        "tra theo hạn mức của bạn. Ghi ra TÊN.srt, TÊN.txt và TÊN.json."
    ),
    "Media files, or folders with media files.": "Tệp video hoặc âm thanh, hoặc thư mục chứa chúng.",
    "Options": "Tùy chọn",
    "Models": "Model",
    "Network": "Mạng",
    "Environment": "Biến môi trường",
    "Exit codes": "Mã thoát",
    "Folder for the outputs; default: beside each file.": (
        "Thư mục cho kết quả; không nêu thì đặt cạnh từng tệp."
    ),
    "Also use files from subfolders.": "Lấy cả tệp trong các thư mục con.",
    "At a limit, wait until it resets and continue.": (
        "Khi chạm hạn mức, chờ đến lúc làm mới rồi làm tiếp."
    ),
    "Turn off tracking and limits.": "Tắt theo dõi và hạn mức.",
    "Leave out titles, article and captions.": "Bỏ qua tiêu đề, bài viết và chú thích.",
    "Repeat finished steps, and pay for them again.": (
        "Làm lại các bước đã xong, và trả tiền lại cho chúng."
    ),
    "Write the usage report of this run as JSON.": "Ghi báo cáo sử dụng của lần chạy này dạng JSON.",
    "Show only problems and the summary.": "Chỉ hiện lỗi và bảng tổng kết.",
    "The Gemini model.": "Model Gemini.",
    "Maximum number of tokens for thinking. 0: no thinking; -1: the model decides. "
    "The default depends on the model.": (
        "Số token suy luận tối đa. 0: không suy luận; -1: để model tự chọn. Không nêu thì tùy model."
    ),
    "The Deepgram model.": "Model Deepgram.",
    "A language of the speech to try; repeat the option to try several in order. Default: zh, then vi.": (
        "Ngôn ngữ để thử; nêu nhiều lần để thử lần lượt. Không nêu thì zh, rồi vi."
    ),
    "How to extract the audio: with ffmpeg if it is installed (auto), not at all (off), or "
    "with this program.": (
        "Tách âm thanh bằng gì: ffmpeg nếu có (auto), không tách (off), hoặc chương trình này."
    ),
    "Address of Gemini; default: GOOGLE_GEMINI_BASE_URL, else Google's own.": (
        "Địa chỉ Gemini; GOOGLE_GEMINI_BASE_URL, nếu không có thì của Google."
    ),
    "Address of Deepgram; default: DEEPGRAM_BASE_URL, else Deepgram's own.": (
        "Địa chỉ Deepgram; DEEPGRAM_BASE_URL, nếu không có thì của Deepgram."
    ),
    "Allow http:// to other machines.": "Cho phép http:// tới máy khác.",
    "Maximum number of attempts per call.": "Số lần thử tối đa cho mỗi lượt gọi.",
    "Timeout per attempt, in seconds.": "Thời gian chờ cho mỗi lần thử, tính bằng giây.",
    "Key for speech to text.": "Khóa cho nhận dạng tiếng nói.",
    "Key for translation and rewriting; the first variable that is set is used.": (
        "Khóa cho việc dịch và viết lại; dùng biến đầu tiên được đặt."
    ),
    "Other addresses, such as a gateway or quotakeeper sandbox.": (
        "Địa chỉ khác, như gateway hoặc quotakeeper sandbox."
    ),
    "The ledger and the limits.": "Sổ và các hạn mức.",
    "All files are done.": "Mọi tệp đã xong.",
    "A file failed, or the run could not continue.": "Có tệp bị lỗi, hoặc không thể chạy tiếp.",
    "Wrong usage.": "Sai cách dùng.",
    "Stopped at a limit.": "Dừng ở hạn mức.",
    "The configuration is not valid.": "Cấu hình không hợp lệ.",
    "Interrupted. Finished steps are kept; run the same command again to continue.": (
        "Bị ngắt. Các bước đã xong được giữ lại; chạy lại đúng lệnh đó để làm tiếp."
    ),
}
