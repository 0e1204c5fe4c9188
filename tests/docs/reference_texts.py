"""The sentences of the generated reference pages, in both languages."""

from __future__ import annotations

TEXTS = {
    "en": {
        "errors": "Errors",
        "errors_kind": "Reference, generated from the code. Every error that the package raises on purpose.",
        "errors_start": "A parent catches its children: `except QuotakeeperError` catches all of them. Those without a "
        "module\nare imported from `quotakeeper`, the others from the module beside them.",
        "facts": "Attributes:",
        "remedy": "What to do:",
        "events": "Events and JSON documents",
        "events_kind": "Reference, generated from the code.",
        "usage_event": "UsageEvent",
        "usage_event_start": "One call that was counted. It never changes. `at` is in microseconds since 1970 UTC, "
        "`cost_pico` in trillionths\nof a US dollar; None means that no price was known.",
        "fields_head": "| field | type |",
        "observed": "What an observer is told",
        "observed_start": "`Keeper.subscribe(observer)` calls the observer with one of these, from "
        "`quotakeeper.domain.observations`.",
        "observed_head": "| class | fields | when |",
        "documents": "JSON documents",
        "documents_start": "The keys are those that the commands print on a small test ledger. `[]` is each item of a "
        "list, `.*` each key of\nyour own. A key may be added in any release; "
        "[compatibility](compatibility.md#json-documents) says what may change.",
        "document": "Schema {number}, printed by {commands}.",
        "keys_head": "| key | type |",
    },
    "vi": {
        "errors": "Lỗi",
        "errors_kind": "Tra cứu, sinh ra từ mã nguồn. Mọi lỗi mà gói chủ động báo.",
        "errors_start": "Lớp cha bắt được các lớp con: `except QuotakeeperError` bắt tất cả. Lớp không ghi mô-đun thì "
        "import từ\n`quotakeeper`, lớp khác thì import từ mô-đun ghi bên cạnh.",
        "facts": "Thuộc tính:",
        "remedy": "Cách sửa:",
        "events": "Sự kiện và tài liệu JSON",
        "events_kind": "Tra cứu, sinh ra từ mã nguồn.",
        "usage_event": "UsageEvent",
        "usage_event_start": "Một lượt gọi đã được đếm. Nó không bao giờ thay đổi. `at` tính bằng micro giây từ 1970 UTC, "
        "`cost_pico` bằng\nphần nghìn tỷ đô la Mỹ; None nghĩa là không biết giá.",
        "fields_head": "| trường | kiểu |",
        "observed": "Bộ quan sát được báo những gì",
        "observed_start": "`Keeper.subscribe(observer)` gọi bộ quan sát với một trong các đối tượng sau, của "
        "`quotakeeper.domain.observations`.",
        "observed_head": "| lớp | trường | khi nào |",
        "documents": "Tài liệu JSON",
        "documents_start": "Các khóa dưới đây là những khóa mà lệnh in ra trên một sổ thử nhỏ. `[]` là từng phần tử của "
        "danh sách, `.*` là\ntừng khóa do bạn đặt. Bản phát hành nào cũng có thể thêm khóa; trang "
        "[tính tương thích](compatibility.md#tài-liệu-json)\ncho biết điều gì có thể đổi.",
        "document": "Schema {number}, do {commands} in ra.",
        "keys_head": "| khóa | kiểu |",
    },
}

# Each error: what it means, and what to do.
ERRORS: dict[str, dict[str, tuple[str, str]]] = {
    "QuotakeeperError": {
        "en": ("The root of all errors.", "Catch it where you do not care which error it is."),
        "vi": ("Gốc của mọi lỗi.", "Bắt lớp này khi không cần biết là lỗi nào."),
    },
    "InvalidInputError": {
        "en": ("An argument cannot be used. The text names the argument and the fix.",
               "Correct the argument. Nothing was counted."),
        "vi": ("Một đối số không dùng được. Thông báo nêu tên đối số và cách sửa.",
               "Sửa đối số. Chưa có gì được đếm."),
    },
    "ConfigError": {
        "en": ("A config file or a setting cannot be used. The text names the file, the key and the fix.",
               "Correct the file; `quotakeeper config show --origin` tells where each value comes from."),
        "vi": ("Tệp cấu hình hoặc một thiết lập không dùng được. Thông báo nêu tệp, khóa và cách sửa.",
               "Sửa tệp; `quotakeeper config show --origin` cho biết mỗi giá trị lấy từ đâu."),
    },
    "MissingExtraError": {
        "en": ("A feature needs an optional library that is not installed.",
               "Install the extra that the text names."),
        "vi": ("Một tính năng cần thư viện tùy chọn chưa được cài.", "Cài phần mở rộng mà thông báo nêu."),
    },
    "LimitExceeded": {
        "en": ("A hard limit refused a call before it was sent. Amounts are integers in the limit's base unit; "
               "`resets_at` is in microseconds since 1970 UTC.",
               "Wait until `resets_at`, make the call smaller, or raise the limit."),
        "vi": ("Hạn mức cứng từ chối một lượt gọi trước khi gửi. Các số lượng là số nguyên theo đơn vị gốc của hạn mức; "
               "`resets_at` tính bằng micro giây từ 1970 UTC.",
               "Chờ tới `resets_at`, thu nhỏ lượt gọi, hoặc nâng hạn mức."),
    },
    "ClockSuspectError": {
        "en": ("A hard limit refused a call because the machine's clock jumped ahead, or the clock of the ledger's "
               "server is over 60 s ahead. The times are in microseconds.",
               "Set the wrong clock right, or confirm this machine's with `quotakeeper doctor --accept-clock`."),
        "vi": ("Hạn mức cứng từ chối một lượt gọi vì đồng hồ của máy nhảy tới trước, hoặc vì đồng hồ của máy chủ giữ sổ "
               "nhanh hơn máy này quá 60 giây. Các mốc tính bằng micro giây.",
               "Chỉnh lại đồng hồ sai, hoặc xác nhận đồng hồ máy này bằng `quotakeeper doctor --accept-clock`."),
    },
    "LedgerWentBackError": {
        "en": ("A hard limit refused a call because the ledger on the server lacks commits that this machine has seen. "
               "A backup was restored, or a standby without the last commits took over.",
               "Restore the newest copy, or compare with `quotakeeper reconcile`; then `quotakeeper ledger accept`."),
        "vi": ("Hạn mức cứng từ chối một lượt gọi vì sổ trên máy chủ thiếu những lần ghi mà máy này đã thấy. Sổ được "
               "khôi phục từ bản sao lưu, hoặc một máy dự phòng thiếu các lần ghi cuối đã lên thay.",
               "Khôi phục bản mới nhất, hoặc đối chiếu bằng `quotakeeper reconcile`; rồi `quotakeeper ledger accept`."),
    },
    "FailoverUnsafeError": {
        "en": ("A hard limit refused a call because a standby of the ledger's server may lack the last calls when it "
               "takes over.",
               "Set `synchronous_standby_names` on the server, or set `asynchronous_replication` to `allow`."),
        "vi": ("Hạn mức cứng từ chối một lượt gọi vì máy dự phòng của máy chủ giữ sổ có thể thiếu những lượt gọi cuối "
               "khi lên thay.",
               "Đặt `synchronous_standby_names` trên máy chủ, hoặc đặt `asynchronous_replication` là `allow`."),
    },
    "PausedError": {
        "en": ("Somebody paused calls to this provider, or to all providers. The call was not sent.",
               "Wait until `until`, or run `quotakeeper resume`."),
        "vi": ("Có người đã tạm dừng lượt gọi tới nhà cung cấp này, hoặc tới mọi nhà cung cấp. Lượt gọi chưa được gửi.",
               "Chờ tới `until`, hoặc chạy `quotakeeper resume`."),
    },
    "UnpricedModelError": {
        "en": ("No price is known for a call, and a hard limit on cost applies or `on_unpriced` is `refuse`. "
               "Nothing was counted.",
               "[Add a price](../how-to/add-a-price.md), or change `on_unpriced`."),
        "vi": ("Không biết giá của một lượt gọi, mà có hạn mức cứng về chi phí hoặc `on_unpriced` là `refuse`. "
               "Chưa có gì được đếm.",
               "[Thêm giá](../how-to/add-a-price.md), hoặc đổi `on_unpriced`."),
    },
    "KeyConflictError": {
        "en": ("An event id was used before for another call. Nothing was counted this time.",
               "Make a new id for a new call."),
        "vi": ("Id sự kiện này đã dùng cho một lượt gọi khác. Lần này không đếm gì.",
               "Tạo id mới cho lượt gọi mới."),
    },
    "ReservationClosedError": {
        "en": ("A reservation has already ended in another way. Nothing was changed.",
               "Settle or release each reservation once."),
        "vi": ("Lượt giữ chỗ đã kết thúc theo cách khác. Không có gì thay đổi.",
               "Chỉ quyết toán hoặc trả lại mỗi lượt giữ chỗ một lần."),
    },
    "TokenizerError": {
        "en": ("The local tokenizer cannot be installed, verified or read.",
               "Follow the text, or run `quotakeeper tokens install` again."),
        "vi": ("Không cài, không kiểm tra hoặc không đọc được tokenizer trên máy.",
               "Làm theo thông báo, hoặc chạy lại `quotakeeper tokens install`."),
    },
    "ProviderError": {
        "en": ("A provider answered with an error, or did not answer. `status` is the HTTP status, or 0.",
               "Look at the status; `quotakeeper doctor` tries the set-up."),
        "vi": ("Nhà cung cấp trả lỗi, hoặc không trả lời. `status` là mã HTTP, hoặc 0.",
               "Xem mã trạng thái; `quotakeeper doctor` kiểm tra thiết lập."),
    },
    "LedgerError": {
        "en": ("The ledger cannot be used. `ledger` names it.", "See the four kinds below."),
        "vi": ("Không dùng được sổ. `ledger` nêu tên sổ.", "Xem bốn loại bên dưới."),
    },
    "LedgerUnavailableError": {
        "en": ("The ledger cannot be used now: it is locked, read-only, full or gone. Nothing was written.",
               "Remove the cause that the text names, then try again."),
        "vi": ("Hiện không dùng được sổ: bị khóa, chỉ đọc, đầy đĩa hoặc không còn. Chưa ghi gì.",
               "Bỏ nguyên nhân mà thông báo nêu, rồi thử lại."),
    },
    "LedgerCorruptError": {
        "en": ("The file is damaged, or is no ledger. It is left as it is. `seq` and `entry_id` name the entry, "
               "where it is known.",
               "Run `quotakeeper verify`, then go back to a [backup](../how-to/back-up-a-ledger.md)."),
        "vi": ("Tệp bị hỏng, hoặc không phải sổ. Tệp được để nguyên. `seq` và `entry_id` nêu dòng bị hỏng, nếu biết.",
               "Chạy `quotakeeper verify`, rồi dùng lại [bản sao lưu](../how-to/back-up-a-ledger.md)."),
    },
    "LedgerVersionError": {
        "en": ("The ledger is for a newer quotakeeper; or a ledger on a server is not upgraded for "
               "this one. Nothing was written.",
               "Upgrade this program; or run `quotakeeper ledger migrate`, if the message says so."),
        "vi": ("Sổ dành cho bản quotakeeper mới hơn; hoặc sổ trên máy chủ chưa được nâng cấp cho "
               "bản này. Chưa ghi gì.",
               "Nâng cấp chương trình này; hoặc chạy `quotakeeper ledger migrate` nếu thông báo nêu "
               "như vậy."),
    },
    "OutcomeUnknownError": {
        "en": ("A write failed at its commit. It may or may not have happened.",
               "Ask again with the same id: it counts once."),
        "vi": ("Một lần ghi lỗi ngay lúc commit. Có thể đã ghi, có thể chưa.",
               "Hỏi lại với cùng id: nó chỉ được đếm một lần."),
    },
}  # fmt: skip

# Each observation: when an observer is told of it.
OBSERVED = {
    "CallAdmitted": {"en": "a reservation was made, or has grown",
                     "vi": "đã giữ chỗ, hoặc giữ thêm chỗ"},
    "CallAssumed": {"en": "usage was counted at its bound, because the end of the call is unknown",
                    "vi": "lượng dùng được tính theo cận trên vì không rõ lượt gọi kết thúc ra sao"},
    "CallCorrected": {"en": "the figures of an earlier event were replaced",
                      "vi": "số liệu của một sự kiện trước đó đã được thay"},
    "CallRefused": {"en": "a hard limit had no room; nothing was reserved",
                    "vi": "một hạn mức cứng hết chỗ; không giữ gì cả"},
    "CallSettled": {"en": "a reservation was settled, or usage was recorded",
                    "vi": "đã quyết toán một lượt giữ chỗ, hoặc đã ghi lượng dùng"},
    "CallUnpriced": {"en": "usage was counted without a known price",
                     "vi": "lượng dùng được tính mà không biết giá"},
    "ThresholdCrossed": {"en": "use passed a threshold; once for all processes",
                         "vi": "mức đã dùng vượt một ngưỡng; một lần cho mọi tiến trình"},
}  # fmt: skip
