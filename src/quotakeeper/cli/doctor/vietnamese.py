"""Vietnamese translations for `doctor` and messages about the clock; keys are English texts."""

from __future__ import annotations

TEXTS = {
    "the clock has jumped ahead": "đồng hồ đã nhảy về phía trước",
    "CLOCK NOT TRUSTED: it jumped ahead by {ahead} and shows {shown}; the last trusted time is "
    "{trusted}. Hard limits admit no call. Set the clock right; or, if it is right: {command}": (
        "ĐỒNG HỒ KHÔNG ĐÁNG TIN: nó đã nhảy tới trước {ahead} và chỉ {shown}; thời điểm đáng tin gần "
        "nhất là {trusted}. Hạn mức cứng không nhận lượt gọi nào. Hãy chỉnh lại đồng hồ; nếu đồng hồ "
        "đang đúng: {command}"
    ),
    "the clock is confirmed, although it jumped ahead by {ahead}: hard limits admit calls again": (
        "đã xác nhận đồng hồ dù nó nhảy tới trước {ahead}: hạn mức cứng lại nhận lượt gọi"
    ),
    "the clock is trusted already: nothing was changed": (
        "đồng hồ vốn đã được tin: không có gì thay đổi"
    ),
    "the ledger is not ahead of this clock ({now}): nothing to repair": (
        "sổ không đi trước đồng hồ này ({now}): không có gì phải sửa"
    ),
    "the ledger is {ahead} ahead: its newest entry is of {newest}, this clock shows {now}": (
        "sổ đi trước {ahead}: mục mới nhất ghi lúc {newest}, đồng hồ này chỉ {now}"
    ),
    "entries moved to {now}: {entries}, of which calls: {calls}; no call is lost": (
        "đã chuyển {entries} mục (trong đó có {calls} lượt gọi) về {now}; không mất lượt gọi nào"
    ),
    "copy of the ledger from before: {file}": "sổ như trước khi sửa: {file}",
    "the time service of this machine confirms its clock": (
        "dịch vụ giờ của máy này xác nhận đồng hồ"
    ),
    "nothing confirms this clock: make sure that it is right": (
        "không có gì xác nhận đồng hồ này: hãy kiểm tra xem nó có đúng không"
    ),
    "no copy of a ledger on a server is kept: back up its database first: pg_dump": (
        "sổ trên máy chủ không được giữ bản sao: hãy sao lưu cơ sở dữ liệu trước: pg_dump"
    ),
    "--yes moves entries to the present: {entries}, of which calls: {calls}": (
        "--yes sẽ chuyển {entries} mục (trong đó có {calls} lượt gọi) về hiện tại"
    ),
    "--yes copies the ledger, then moves entries to the present: {entries}, of which calls: "
    "{calls}": (
        "--yes sẽ sao lưu sổ và chuyển {entries} mục (trong đó có {calls} lượt gọi) về hiện tại"
    ),
    # --help
    "Confirm that the clock is right although it jumped ahead; hard limits then admit calls "
    "again.": (
        "Xác nhận đồng hồ đang đúng dù đã nhảy về phía trước; hạn mức cứng sẽ lại nhận lượt gọi."
    ),
    "Show how far the ledger is ahead of the clock; with --yes, move the ledger back.": (
        "Cho biết sổ đi trước đồng hồ bao xa; có --yes thì đưa sổ về hiện tại."
    ),
    "With --repair-clock: copy the ledger, then move it back.": (
        "Đi với --repair-clock: sao lưu sổ rồi đưa sổ về hiện tại."
    ),
    "The reason, which is stored in the journal.": "Lý do, được ghi vào nhật ký.",
    # help
    "Test each API key that is set with one free request; the key is never shown.": (
        "Thử từng khóa API đang có bằng một yêu cầu miễn phí; khóa không bao giờ hiện ra."
    ),
    "List every file that quotakeeper writes.": "Liệt kê mọi tệp mà quotakeeper ghi.",
    # paths
    "PATH": "ĐƯỜNG DẪN",
    "BYTES": "BYTE",
    "WHAT IT IS": "LÀ GÌ",
    "the config file; written by init and limits set": "tệp cấu hình; do init và limits set ghi",
    "the ledger: every call, every balance": "sổ: mọi lượt gọi, mọi số dư",
    "the newest writes to the ledger; move this file together with the ledger": (
        "những gì vừa ghi vào sổ; chuyển sổ đi thì phải chuyển theo"
    ),
    "an index of those writes; created again if it is missing": (
        "chỉ mục của phần vừa ghi; thiếu thì được tạo lại"
    ),
    "the lock that one writer at a time holds": "khóa mà mỗi lúc chỉ một tiến trình giữ để ghi",
    "a folder with a file for each process that uses the ledger": (
        "thư mục có một tệp cho mỗi tiến trình đang dùng sổ"
    ),
    "asks processes to release unused leases": (
        "yêu cầu các tiến trình trả lại phần đã cấp trước mà chưa dùng"
    ),
    "calls admitted on a lease, until they are in the ledger": (
        "lượt gọi trong phần đã cấp trước, chờ ghi vào sổ"
    ),
    "calls that ended shortly before their process did, until they are in the ledger": (
        "lượt gọi kết thúc ngay trước khi tiến trình kết thúc, chờ ghi vào sổ"
    ),
    "calls made while the ledger did not answer, until they are in it": (
        "lượt gọi trong lúc sổ không trả lời, chờ ghi vào sổ"
    ),
    "lines of these files that could not be read": "những dòng không đọc được của các tệp trên",
    "a copy from before a schema change": "bản sao trước khi đổi schema",
    "a copy from before doctor --repair-clock": "bản sao trước khi chạy doctor --repair-clock",
    "the local tokenizer; written by tokens install": "bộ tách token tại máy; do tokens install ghi",
    "beside each media file; written by translate": "cạnh mỗi tệp media; do translate ghi",
    "written by export, backup, run and translate": "do export, backup, run và translate ghi",
    # names of findings
    "day": "hết ngày",
    "keys": "khóa API",
    "limit": "hạn mức",
    "gemini key": "khóa gemini",
    "deepgram key": "khóa deepgram",
    "openai key": "khóa openai",
    "anthropic key": "khóa anthropic",
    # findings
    "it is {now} in this time zone; daily limits reset at {end}, in {left}": (
        "trong múi giờ này đang là {now}; hạn mức ngày làm mới lúc {end}, còn {left}"
    ),
    "not found: {missing}; translate sends whole videos, and plan cannot read the length of some "
    "files": (
        "không tìm thấy: {missing}; translate sẽ gửi nguyên video, và plan không đo được độ dài của "
        "một số tệp"
    ),
    "install ffmpeg": "hãy cài ffmpeg",
    "limit {limit!r} matches nothing: no call has the operation {name!r}": (
        "hạn mức {limit!r} không áp dụng cho gì cả: chưa lượt gọi nào mang thao tác {name!r}"
    ),
    "limit {limit!r} matches nothing: no call has the label {name!r}": (
        "hạn mức {limit!r} không áp dụng cho gì cả: chưa lượt gọi nào mang nhãn {name!r}"
    ),
    "did you mean {near!r}?": "có phải ý bạn là {near!r}?",
    "no key is set; the sandbox needs none": "chưa đặt khóa nào; sandbox thì không cần khóa",
    "set GEMINI_API_KEY, or see: quotakeeper sandbox": (
        "hãy đặt GEMINI_API_KEY, hoặc xem: quotakeeper sandbox"
    ),
    "set: {names}; to test them: quotakeeper doctor --keys": (
        "đã đặt: {names}; để thử khóa: quotakeeper doctor --keys"
    ),
    "{name} is not set": "chưa đặt {name}",
    "set {name}": "hãy đặt {name}",
    "no key is set": "chưa đặt khóa nào",
    "set one of: {names}": "hãy đặt một trong: {names}",
    "{name} could not be tested: {why}": "không thử được {name}: {why}",
    "try again when this machine has a network connection": "hãy thử lại khi có mạng",
    "{name} works: {provider} accepts the key": "{name} dùng được: {provider} chấp nhận khóa",
    "{name} does not work: {provider} refuses the key (HTTP {status})": (
        "{name} không dùng được: {provider} từ chối khóa (HTTP {status})"
    ),
    "copy the key again into {name}": "hãy chép lại khóa vào {name}",
    "{name} could not be tested: {provider} answered HTTP {status}": (
        "không thử được {name}: {provider} trả lời HTTP {status}"
    ),
    "try again later": "hãy thử lại sau",
}
