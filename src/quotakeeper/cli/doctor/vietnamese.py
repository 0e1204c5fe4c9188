"""Vietnamese translations for `doctor` and messages about the clock; keys are English texts."""

from __future__ import annotations

TEXTS = {
    "hosts": "các máy",
    "no lost host has leases": "không máy nào đã mất còn phần thuê",
    "this machine has no files of its lost processes: what they called on their leases is not known, "
    "so the leases count as used: {count}": (
        "máy này không còn tệp của các tiến trình đã mất: không biết chúng đã gọi gì trên phần thuê, "
        "nên phần thuê được tính là đã dùng: {count}"
    ),
    "restore the folder {folder} from a backup; without one, compare with the provider: quotakeeper "
    "reconcile": (
        "khôi phục thư mục {folder} từ bản sao lưu; không có bản sao lưu thì đối chiếu với nhà cung "
        "cấp: quotakeeper reconcile"
    ),
    "start a program on that host, which books its calls; if its disk is lost: quotakeeper leases "
    "--write-off {host}": (
        "chạy một chương trình trên máy đó để ghi sổ các lượt gọi của nó; nếu đĩa của máy đã mất: "
        "quotakeeper leases --write-off {host}"
    ),
    "lost: {host}, last seen {at}; leases counted as used: {m}; a program that starts there corrects "
    "them, unless the disk is lost": (
        "đã mất: {host}, thấy lần cuối {at}; phần thuê tính là đã dùng: {m}; chương trình chạy lại "
        "trên máy đó sẽ sửa cho đúng, trừ khi đĩa đã mất"
    ),
    "the ledger lacks calls": "sổ thiếu lượt gọi",
    "a failover could lose calls": "chuyển dự phòng có thể làm mất lượt gọi",
    "what this machine has seen of ledgers on servers": "những gì máy này đã thấy của sổ trên máy chủ",
    "the clock has jumped ahead": "đồng hồ đã nhảy về phía trước",
    "CLOCK NOT TRUSTED: it jumped ahead by {ahead} and shows {shown}; the last trusted time is "
    "{trusted}. Hard limits admit no call. Correct the clock; if it is right, run: {command}": (
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
    "the ledger's time is not ahead of the clock ({now}): nothing to repair": (
        "sổ không đi trước đồng hồ này ({now}): không có gì phải sửa"
    ),
    "the ledger's time is {ahead} ahead of the clock: the newest entry has the time {newest}, "
    "but the clock shows {now}": (
        "sổ đi trước đồng hồ {ahead}: mục mới nhất ghi lúc {newest}, đồng hồ chỉ {now}"
    ),
    "entries whose time is now {now}: {entries}, among them calls: {calls}; no call is lost": (
        "đã đặt lại thời điểm thành {now} cho {entries} mục (trong đó có {calls} lượt gọi); "
        "không mất lượt gọi nào"
    ),
    "copy of the ledger before the repair: {file}": "sổ như trước khi sửa: {file}",
    "the time service of this machine confirms its clock": (
        "dịch vụ giờ của máy này xác nhận đồng hồ"
    ),
    "nothing confirms this clock: make sure that it is right": (
        "không có gì xác nhận đồng hồ này: hãy kiểm tra xem nó có đúng không"
    ),
    "quotakeeper does not copy a ledger on a server: first back up its database with pg_dump": (
        "quotakeeper không sao chép sổ trên máy chủ: trước hết hãy sao lưu cơ sở dữ liệu bằng "
        "pg_dump"
    ),
    "--yes sets the times of future entries to now: {entries}, among them calls: {calls}": (
        "--yes sẽ đặt thời điểm của {entries} mục ở tương lai (trong đó có {calls} lượt gọi) "
        "thành bây giờ"
    ),
    "--yes copies the ledger, then sets the times of future entries to now: {entries}, among "
    "them calls: {calls}": (
        "--yes sẽ sao lưu sổ, rồi đặt thời điểm của {entries} mục ở tương lai (trong đó có "
        "{calls} lượt gọi) thành bây giờ"
    ),
    # --help
    "Confirm that the clock is right although it jumped ahead; hard limits then admit calls "
    "again.": (
        "Xác nhận đồng hồ đang đúng dù đã nhảy về phía trước; hạn mức cứng sẽ lại nhận lượt gọi."
    ),
    "Show how far the ledger's time is ahead of the clock; with --yes, set the times of the "
    "future entries to now.": (
        "Cho biết sổ đi trước đồng hồ bao xa; có --yes thì đặt thời điểm của các mục ở tương lai "
        "thành bây giờ."
    ),
    "With --repair-clock: copy the ledger, then set the times of the future entries to now.": (
        "Đi với --repair-clock: sao lưu sổ, rồi đặt thời điểm của các mục ở tương lai thành bây "
        "giờ."
    ),
    "The reason, which is stored in the journal.": "Lý do, được ghi vào nhật ký.",
    # help
    "Test each API key that is set, with one free request per key; keys are never shown.": (
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
    "an index of the newest writes; created again if it is missing": (
        "chỉ mục của phần vừa ghi; thiếu thì được tạo lại"
    ),
    "the lock file: one process at a time can write to the ledger": (
        "tệp khóa: mỗi lúc chỉ một tiến trình ghi được vào sổ"
    ),
    "a folder with a file for each process that uses the ledger": (
        "thư mục có một tệp cho mỗi tiến trình đang dùng sổ"
    ),
    "a request to all processes to release their unused leases": (
        "yêu cầu các tiến trình trả lại phần đã cấp trước mà chưa dùng"
    ),
    "calls that were admitted on a lease; kept until they are in the ledger": (
        "lượt gọi trong phần đã cấp trước; giữ tới khi ghi vào sổ"
    ),
    "calls that ended just before their process ended; kept until they are in the ledger": (
        "lượt gọi kết thúc ngay trước khi tiến trình kết thúc; giữ tới khi ghi vào sổ"
    ),
    "calls made while the ledger did not answer; kept until they are in the ledger": (
        "lượt gọi trong lúc sổ không trả lời; giữ tới khi ghi vào sổ"
    ),
    "a .lease or .spool file whose calls could not be counted; kept for you to look at": (
        "một tệp .lease hoặc .spool có các lượt gọi không ghi vào sổ được; giữ lại để bạn xem"
    ),
    "a copy from before a schema change": "bản sao trước khi đổi schema",
    "a copy made before doctor --repair-clock changed the ledger": (
        "bản sao lưu trước khi doctor --repair-clock sửa sổ"
    ),
    "the local tokenizer; written by tokens install": "bộ tách token tại máy; do tokens install ghi",
    "written by translate, beside each media file": "cạnh mỗi tệp media; do translate ghi",
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
    "not found: {missing}; without ffmpeg, translate sends whole videos; without ffprobe, the "
    "length of some files is unknown": (
        "không tìm thấy: {missing}; thiếu ffmpeg thì translate gửi nguyên video; thiếu ffprobe thì "
        "không biết độ dài của một số tệp"
    ),
    "install ffmpeg": "hãy cài ffmpeg",
    "limit {limit!r} has matched no call: no call has had the operation {name!r} yet": (
        "hạn mức {limit!r} chưa tính lượt gọi nào: chưa có lượt gọi nào mang thao tác {name!r}"
    ),
    "limit {limit!r} has matched no call: no call has had the label {name!r} yet": (
        "hạn mức {limit!r} chưa tính lượt gọi nào: chưa có lượt gọi nào mang nhãn {name!r}"
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
