"""What each setting and each key of a limit means, in both languages, for the generated page."""

from __future__ import annotations

Texts = dict[str, dict[str, str]]

# Defaults that are not a fixed value.
DEFAULTS: Texts = {
    "ledger": {
        "en": "the platform's data folder",
        "vi": "thư mục dữ liệu của hệ điều hành",
    },
    "timezone": {
        "en": "that of `TZ`, else the machine's",
        "vi": "của `TZ`, không thì của máy",
    },
    "lease": {
        "en": "`off`; on PostgreSQL `auto`",
        "vi": "`off`; với PostgreSQL là `auto`",
    },
    "default_limits": {
        "en": "`true` without any `[[limit]]`",
        "vi": "`true` khi không có `[[limit]]`",
    },
}

SETTINGS: Texts = {
    "ledger": {
        "en": "A path (from the config file's folder), `sqlite:///PATH` or `memory:`.",
        "vi": "Đường dẫn (tính từ thư mục của tệp cấu hình), `sqlite:///PATH` hoặc `memory:`.",
    },
    "ledger_group": {
        "en": "In a file also `[ledger] group`: the Unix group whose members share the ledger "
        "([below](#share-a-ledger-between-unix-users)); the path then stands in `[ledger] "
        "path`.",
        "vi": "Trong tệp còn viết được là `[ledger] group`: nhóm Unix mà các thành viên dùng chung "
        "sổ ([bên dưới](#dùng-chung-sổ-giữa-các-người-dùng-unix)); khi đó đường dẫn nằm ở "
        "`[ledger] path`.",
    },
    "timezone": {
        "en": "IANA name, for limits and reports. An offset (`UTC-7`, `GMT+7`) or a misspelt name "
        "is an error that names the zone, in `TZ` too.",
        "vi": "Tên IANA, cho hạn mức và báo cáo. Độ lệch (`UTC-7`, `GMT+7`) hay tên viết sai là "
        "lỗi, kèm tên múi giờ gần nhất, kể cả trong `TZ`.",
    },
    "durability": {
        "en": "What an acknowledged write survives: `power`, a power cut; `process`, only the end "
        "of the process; `replicated`, also the loss of the PostgreSQL server. A standby then has "
        "the write.",
        "vi": "Lần ghi đã xác nhận còn nguyên sau chuyện gì: `power` là mất điện; `process` chỉ là "
        "tiến trình bị dừng đột ngột; `replicated` là cả khi mất máy chủ PostgreSQL, vì một máy dự "
        "phòng cũng đã ghi.",
    },
    "on_limit": {
        "en": "A hard limit without room raises `LimitExceeded`; `wait` waits for room; `clamp` "
        "lowers the call's output cap to what is left; `warn` only warns "
        "([policies](keeper.md#policies)).",
        "vi": "Hạn mức cứng hết chỗ thì báo `LimitExceeded`; `wait` chờ có chỗ; `clamp` hạ trần đầu "
        "ra của lượt gọi xuống phần còn lại; `warn` chỉ cảnh báo ([chính "
        "sách](keeper.md#chính-sách)).",
    },
    "on_busy": {
        "en": "A call that does not fit only because of calls under way waits for them; `refuse` "
        "refuses it.",
        "vi": "Chỗ chỉ đang bị các lượt gọi dở dang giữ thì chờ chúng xong; `refuse` từ chối.",
    },
    "hold": {
        "en": "What is reserved: the most that a call can use; `typical`: the 99th percentile of "
        "its operation's own calls.",
        "vi": "Giữ chỗ bao nhiêu: mức lượt gọi có thể dùng nhiều nhất; `typical`: p99 của các lượt "
        "gọi cùng thao tác.",
    },
    "on_store_failure": {
        "en": "A call that cannot be counted now is refused; `allow` lets it go and books it later.",
        "vi": "Lượt gọi lúc này không ghi được vào sổ thì từ chối; `allow` cho qua và ghi sau.",
    },
    "asynchronous_replication": {
        "en": "A standby of the PostgreSQL server may lack the last calls when it takes over. With "
        "`refuse`, hard limits then refuse calls; `allow` admits them, and a limit can be passed "
        "([failover](../how-to/ledger-on-postgresql.md#failover)).",
        "vi": "Máy dự phòng của máy chủ PostgreSQL có thể thiếu những lượt gọi cuối khi lên thay: "
        "`refuse` khiến hạn mức cứng từ chối lượt gọi; `allow` cho qua, và hạn mức có thể bị vượt "
        "([chuyển dự phòng](../how-to/ledger-on-postgresql.md#chuyển-dự-phòng)).",
    },
    "on_unpriced": {
        "en": "A call without a price: `refuse` refuses it; `price_as_highest` counts it at the "
        "provider's highest price; `count_only` counts it, unpriced. `auto` is `refuse` where "
        "a hard limit on `cost` applies, else `count_only`.",
        "vi": "Lượt gọi chưa có giá: `refuse` từ chối; `price_as_highest` tính theo giá đắt nhất "
        "của nhà cung cấp; `count_only` vẫn đếm, ghi là chưa có giá. `auto` là `refuse` khi "
        "có hạn mức cứng về `cost`, còn lại là `count_only`.",
    },
    "plan": {
        "en": "Which price list of a provider applies, if it has more than one.",
        "vi": "Bảng giá nào của nhà cung cấp được dùng, nếu có nhiều hơn một.",
    },
    "busy_seconds": {
        "en": 'How long `on_busy = "wait"` waits at most, in seconds.',
        "vi": '`on_busy = "wait"` chờ nhiều nhất bao nhiêu giây.',
    },
    "wait_seconds": {
        "en": 'How long `on_limit = "wait"` waits at most, in seconds.',
        "vi": '`on_limit = "wait"` chờ nhiều nhất bao nhiêu giây.',
    },
    "clamp_least": {
        "en": 'With fewer output tokens left, `on_limit = "clamp"` refuses.',
        "vi": 'Còn ít token đầu ra hơn mức này thì `on_limit = "clamp"` từ chối.',
    },
    "clock_jump_seconds": {
        "en": "A clock that jumps ahead by more than this is [not trusted](keeper.md#clocks).",
        "vi": "Đồng hồ nhảy tới trước quá số giây này thì [không được tin](keeper.md#đồng-hồ).",
    },
    "lease_seconds": {
        "en": "On PostgreSQL: a [lease](../explanation/leases.md#on-several-hosts) that its host does not "
        "renew for so long counts as used, in seconds. It must outlast a failover of the database.",
        "vi": "Với PostgreSQL: [phần thuê](../explanation/leases.md#trên-nhiều-máy) mà máy thuê không gia "
        "hạn trong chừng này giây thì được tính là đã dùng. Nên dài hơn một lần chuyển dự phòng của cơ sở "
        "dữ liệu.",
    },
    "lease": {
        "en": "Calls are admitted in memory, on slices of the limits ([leases](keeper.md#leases)): "
        "`auto`, or for how many calls a slice is (4 to 10,000).",
        "vi": "Cho lượt gọi qua ngay trong bộ nhớ, trên các phần hạn mức đã lấy trước ([thuê "
        "phần](keeper.md#thuê-phần-hạn-mức)): `auto`, hoặc mỗi phần đủ cho bao nhiêu lượt gọi "
        "(4 đến 10.000).",
    },
    "warn_at": {
        "en": "The part of a limit to warn from.",
        "vi": "Cảnh báo từ tỉ lệ này của hạn mức.",
    },
    "price_files": {
        "en": "Your own [prices](prices.md): files beside the config file.",
        "vi": "[giá](prices.md) của riêng bạn: các tệp bên cạnh tệp cấu hình.",
    },
    "quota_presets": {
        "en": "Names of [presets](cli.md#limits) whose quotas `status`, `watch` and `plan` show, "
        'like `["gemini-free"]`; they limit nothing by themselves.',
        "vi": "Tên các [mẫu](cli.md#limits) có quota được hiện trong `status`, `watch` và `plan`, "
        'như `["gemini-free"]`; tự chúng không giới hạn gì.',
    },
    "preset_files": {
        "en": "Your own presets: files beside the config file; one of the same name replaces ours "
        "([form](providers.md#the-providers-own-quotas)).",
        "vi": "Mẫu của riêng bạn: các tệp bên cạnh tệp cấu hình; mẫu trùng tên thay mẫu có sẵn "
        "([cách viết](providers.md#quota-của-chính-nhà-cung-cấp)).",
    },
    "providers": {
        "en": 'Names of providers that have neither an adapter nor a price, like `["house-llm"]`; '
        "calls and limits may name them.",
        "vi": 'Tên các nhà cung cấp không có adapter lẫn giá, như `["house-llm"]`; lượt gọi và hạn '
        "mức được nêu các tên này.",
    },
    "default_limits": {
        "en": "Whether the four default limits hold.",
        "vi": "Bốn hạn mức mặc định có hiệu lực hay không.",
    },
    "currency": {
        "en": "A rate by which costs are also shown in another currency "
        "([below](#a-second-currency)); as a variable `VND 26300 2026-11-28 my bank`.",
        "vi": "Tỷ giá để hiện chi phí bằng một tiền tệ nữa ([bên dưới](#tiền-tệ-thứ-hai)); dạng "
        "biến: `VND 26300 2026-11-28 my bank`.",
    },
    "alerts": {
        "en": "A table: who is told what, and where ([how to](../how-to/alerts.md)).",
        "vi": "Bảng ghi ai được báo điều gì, ở đâu ([hướng dẫn](../how-to/alerts.md)).",
    },
    "keys": {
        "en": "A table: for a provider, the name of the environment variable that holds its API key "
        "([below](#names-of-key-variables)).",
        "vi": "Bảng ghi, với mỗi nhà cung cấp, tên biến môi trường chứa khóa API ([bên "
        "dưới](#tên-biến-chứa-khóa)).",
    },
}

LIMIT_KEY_TEXTS: Texts = {
    "name": {
        "en": "Required, and unique.",
        "vi": "Bắt buộc, không trùng.",
    },
    "provider": {
        "en": "Which provider; any, if left out.",
        "vi": "Nhà cung cấp nào; bỏ trống là tất cả.",
    },
    "model": {
        "en": "Which model; any, if left out. May end in `*`.",
        "vi": "Model nào; bỏ trống là tất cả. Có thể kết thúc bằng `*`.",
    },
    "operation": {
        "en": "Which operation; any, if left out.",
        "vi": "Thao tác nào; bỏ trống là tất cả.",
    },
    "scope": {
        "en": 'Which labels, like `{ project = "phim-01" }`; any, if left out.',
        "vi": 'Nhãn nào, như `{ project = "phim-01" }`; bỏ trống là tất cả.',
    },
    "per": {
        "en": "A scope label: a limit of its own for [each value](#limits-per-label) of it.",
        "vi": "Một nhãn phạm vi: mỗi [giá trị](#hạn-mức-theo-từng-giá-trị-nhãn) của nhãn có hạn mức "
        "riêng.",
    },
    "meter": {
        "en": "Required: what is counted; `tokens` is all kinds of tokens.",
        "vi": "Bắt buộc: đếm đại lượng nào; `tokens` là mọi loại token.",
    },
    "window": {
        "en": "Required: `minute`, `hour`, `day`, `week` (from Monday), `month`, or `rolling 24h` "
        "(`s`, `m`, `h`, `d`), or `none` ([prepaid](#prepaid-credit)).",
        "vi": "Bắt buộc: `minute`, `hour`, `day`, `week` (từ thứ Hai), `month`, hoặc `rolling 24h` "
        "(`s`, `m`, `h`, `d`), hoặc `none` ([trả trước](#tín-dụng-trả-trước)).",
    },
    "amount": {
        "en": "Required: how much, in the meter's unit; US dollars for `cost`; exact, never "
        "rounded.",
        "vi": "Bắt buộc: bao nhiêu, theo đơn vị của đại lượng; `cost` là đô la Mỹ; chính xác, không "
        "làm tròn.",
    },
    "mode": {
        "en": "`hard` refuses, `soft` warns, `shadow` only notes.",
        "vi": "`hard` từ chối, `soft` cảnh báo, `shadow` chỉ ghi nhận.",
    },
    "timezone": {
        "en": "Whose midnight ends a day; that of the file, if left out.",
        "vi": "Ngày kết thúc vào nửa đêm của múi giờ nào; không nêu thì theo tệp.",
    },
    "thresholds": {
        "en": "Parts of the amount to warn at; else `warn_at`, 0.95, 1.",
        "vi": "Các tỉ lệ của hạn mức mà tới đó thì cảnh báo; không nêu thì `warn_at`, 0,95 và 1.",
    },
    "unlisted": {
        "en": "`true`: the model is new or your own, and no price list has it.",
        "vi": "`true`: model còn mới hoặc của riêng bạn, chưa bảng giá nào có.",
    },
}
