"""Vietnamese translations of errors about a ledger in PostgreSQL.

`{}` stands for a value; `quotakeeper.cli.text.finished` describes the form.
"""

from __future__ import annotations

TEXTS = {
    "PostgreSQL {} is too old": "PostgreSQL {0} quá cũ",
    "use PostgreSQL 15 or newer": "hãy dùng PostgreSQL 15 trở lên",
    "the server committed a batch with other values than quotakeeper computed": (
        "máy chủ ghi một lô với giá trị khác giá trị mà quotakeeper tính"
    ),
    "run: quotakeeper verify; and report this": "hãy chạy: quotakeeper verify; rồi báo lỗi này",
    "a ledger in PostgreSQL": "sổ trong PostgreSQL",
    "no lost host {} has open leases": "không có máy đã mất nào tên {0} còn phần thuê đang mở",
    "these have: {}": "các máy này có: {0}",
    "see: quotakeeper leases": "xem: quotakeeper leases",
    "repeat the command with the same id": "hãy gửi lại lệnh với cùng mã",
    "back up its database: pg_dump": "hãy sao lưu cơ sở dữ liệu của nó: pg_dump",
    "cannot be reached: {}": "không kết nối được: {0}",
    "try again; check that the server runs and that this machine can connect to it": (
        "hãy thử lại; kiểm tra xem máy chủ có chạy và máy này có kết nối được không"
    ),
    "is on a server": "nằm trên máy chủ",
    "is on a server, and which processes use it is not known": (
        "nằm trên máy chủ, nên không biết tiến trình nào đang dùng"
    ),
    "{}, on a server": "{0}, trên máy chủ",
    "its database stores text in the encoding {}": (
        "cơ sở dữ liệu của nó lưu văn bản theo bảng mã {0}"
    ),
    "use a database with the encoding UTF8": "hãy dùng cơ sở dữ liệu UTF8",
    "takes calls from programs with version {} of its functions or newer; this quotakeeper has "
    "version {}": (
        "chỉ nhận lượt gọi từ chương trình dùng hàm phiên bản {0} trở lên; bản quotakeeper này dùng "
        "phiên bản {1}"
    ),
    "has schema version {}; this quotakeeper needs version {}": (
        "có schema phiên bản {0}; bản quotakeeper này cần phiên bản {1}"
    ),
    "as the owner of the schema, run: quotakeeper ledger migrate": (
        "hãy chạy với tư cách chủ sở hữu schema: quotakeeper ledger migrate"
    ),
    "this user does not own it, so it cannot change the schema": (
        "người dùng này không phải chủ sở hữu, nên không đổi schema được"
    ),
    "run it as the owner; or give the owner the output of: quotakeeper ledger migrate --sql": (
        "hãy chạy với tư cách chủ sở hữu; hoặc đưa cho chủ sở hữu kết quả của: quotakeeper ledger "
        "migrate --sql"
    ),
    "has no tables yet": "chưa có bảng nào",
    "has no tables yet, and this user may not make them": (
        "chưa có bảng nào, và người dùng này không có quyền tạo bảng"
    ),
    "ask an administrator of the database to run: quotakeeper ledger init": (
        "hãy nhờ người quản trị cơ sở dữ liệu chạy: quotakeeper ledger init"
    ),
    "create them: quotakeeper ledger init": "hãy tạo các bảng: quotakeeper ledger init",
    "older programs still use the ledger; their hosts and processes: {}": (
        "chương trình cũ hơn vẫn đang dùng sổ; máy và số tiến trình: {0}"
    ),
    "upgrade or end them, and try again; or refuse their calls from now on: --anyway": (
        "hãy nâng cấp hoặc dừng chúng rồi thử lại; hoặc từ chối lượt gọi của chúng từ bây giờ: "
        "--anyway"
    ),
    "the server takes no writes: it is a standby, or it is set to read-only": (
        "máy chủ không cho ghi: đó là máy dự phòng, hoặc được đặt chỉ đọc"
    ),
    "is given without --contract": "được dùng mà không có --contract",
    "add --contract": "hãy thêm --contract",
    "its table meta contains no schema version": ("bảng meta của nó không có phiên bản schema"),
    "use another schema: ?schema=NAME": "hãy nêu schema khác: ?schema=TÊN",
    "use a version of quotakeeper that knows it": "hãy dùng bản quotakeeper biết schema này",
    "keep a backup; `quotakeeper verify` lists all damage; then restore a backup": (
        "hãy giữ một bản sao lưu; `quotakeeper verify` liệt kê mọi chỗ hỏng; rồi khôi phục bản sao lưu"
    ),
    "look at the server's log": "hãy xem nhật ký của máy chủ",
    "the connection was lost during a commit: {}": "mất kết nối khi đang ghi: {0}",
    "the head row has entry {} at {}, but the journal ends with entry {} at {}": (
        "dòng đầu có mục {0} lúc {1}, nhưng nhật ký kết thúc ở mục {2} lúc {3}"
    ),
    "reservation {} (entry {}) is stored as a lease, but its id is no lease's": (
        "phần giữ chỗ {0} (mục {1}) được lưu là phần thuê, nhưng mã của nó không phải mã phần thuê"
    ),
    "reservation {} (entry {}) is not stored as a lease, but its id is a lease's": (
        "phần giữ chỗ {0} (mục {1}) không được lưu là phần thuê, nhưng mã của nó là mã phần thuê"
    ),
    "a ledger on a server is not a file, so it cannot be copied": (
        "sổ trên máy chủ không phải là tệp nên không sao chép được"
    ),
    "end all programs that use it; when their reservations have expired, run quotakeeper status "
    "on it; then try again": (
        "hãy kết thúc mọi chương trình đang dùng nó; khi các giữ chỗ của chúng hết hạn, chạy "
        "quotakeeper status với nó; rồi thử lại"
    ),
    "has a problem: {}": "có vấn đề: {0!t}",
    "contains connection parameters of PostgreSQL, but a ledger on PostgreSQL is given as a URL": (
        "là tham số kết nối PostgreSQL, nhưng sổ trên PostgreSQL phải nêu bằng URL"
    ),
    "has {} open reservations": "có {0} giữ chỗ chưa đóng",
    "is not on a server": "không nằm trên máy chủ",
    "is on a server, and quotakeeper cannot check yet which processes use it": (
        "nằm trên máy chủ, và quotakeeper chưa biết tiến trình nào đang dùng"
    ),
    "is already the role of {}": "đã là vai trò của {0}",
    "others may create objects in its schema: {}; its functions would run their objects with the "
    "rights of the owner": (
        "người khác tạo được đối tượng trong schema của sổ: {0}; hàm của sổ sẽ chạy các đối tượng đó "
        "với quyền của chủ sở hữu"
    ),
    "use another schema: ?schema=NAME; or take their right to create objects back": (
        "hãy dùng schema khác: ?schema=TÊN; hoặc thu hồi quyền tạo đối tượng của họ"
    ),
    "leave the label as it is; a later version will be able to change it": (
        "hãy để nguyên nhãn; bản sau sẽ sửa được"
    ),
    "use a separate schema for the ledger: ?schema=NAME": (
        "hãy dùng một schema riêng cho sổ: ?schema=TÊN"
    ),
    "name another role": "hãy nêu vai trò khác",
    "{} has another meaning in SQL than the name of a role": (
        "{0} có nghĩa khác trong SQL, không phải tên vai trò"
    ),
    "{} begins as the roles of PostgreSQL itself": (
        "{0} có phần đầu như các vai trò của chính PostgreSQL"
    ),
    "the role {} owns the ledger or counts calls, so it cannot be the role that reads the views alone": (
        "vai trò {0} sở hữu sổ hoặc tính lượt gọi, nên không thể là vai trò chỉ đọc view"
    ),
    "name another role: --reader ROLE": "hãy nêu vai trò khác: --reader VAI_TRÒ",
    "give the path of a ledger file": ("hãy nêu đường dẫn của một tệp sổ"),
    "run quotakeeper verify on the source, and report this": (
        "hãy chạy quotakeeper verify trên sổ nguồn, rồi báo lỗi này"
    ),
    "see: quotakeeper verify": "xem: quotakeeper verify",
    "the copy differs from the source and was deleted: {}": (
        "bản sao khác sổ nguồn nên đã bị xóa: {0!t}"
    ),
    "use letters, digits and _, at most 63": "hãy dùng chữ, số và _, nhiều nhất 63 ký tự",
    "{} has other characters than letters, digits and _": (
        "{0} có ký tự khác chữ cái, chữ số và _"
    ),
    "{} is not empty": "{0} không trống",
    # why hard limits refuse calls on a server's ledger
    "the clock of the ledger's server is {} ahead of the clock of this machine (more than {}): it "
    "shows {}, and ledger time is {}. Until the clocks agree, no new period begins for hard limits: "
    "{...}": (
        "đồng hồ của máy chủ giữ sổ nhanh hơn đồng hồ máy này {0} (hơn {1}): nó chỉ {2}, còn giờ của "
        "sổ là {3}. Chừng nào hai đồng hồ chưa khớp, hạn mức cứng chưa bắt đầu kỳ mới: {4!t}"
    ),
    "correct the wrong clock; a time service (NTP) on both machines keeps them right": (
        "hãy chỉnh đồng hồ sai; dịch vụ giờ (NTP) trên cả hai máy giữ cho chúng đúng"
    ),
    "the ledger is now in another database cluster: this machine has seen commit {}, and the ledger "
    "there has {} (noticed {}). Calls may be missing, so hard limits admit no call in periods that "
    "are open: {...}": (
        "sổ nay nằm trong một cụm cơ sở dữ liệu khác: máy này đã thấy lần ghi {0}, còn sổ ở đó có {1} "
        "(nhận ra lúc {2}). Có thể thiếu lượt gọi, nên hạn mức cứng không nhận lượt gọi nào trong các "
        "kỳ đang mở: {3!t}"
    ),
    "the ledger went back: this machine has seen commit {}, but the newest one is {} (noticed {}). "
    "Calls may be missing, so hard limits admit no call in periods that are open: {...}": (
        "sổ đã lùi lại: máy này đã thấy lần ghi {0}, nhưng lần ghi mới nhất là {1} (nhận ra lúc {2}). "
        "Có thể thiếu lượt gọi, nên hạn mức cứng không nhận lượt gọi nào trong các kỳ đang mở: {3!t}"
    ),
    "the ledger went back: commit {}, which this machine has seen, is not there any more (noticed "
    "{}). Calls may be missing, so hard limits admit no call in periods that are open: {...}": (
        "sổ đã lùi lại: lần ghi {0} mà máy này đã thấy không còn nữa (nhận ra lúc {1}). Có thể thiếu "
        "lượt gọi, nên hạn mức cứng không nhận lượt gọi nào trong các kỳ đang mở: {2!t}"
    ),
    "restore the newest copy, or compare with quotakeeper reconcile; then: quotakeeper ledger accept": (
        "hãy khôi phục bản mới nhất, hoặc đối chiếu bằng quotakeeper reconcile; rồi: quotakeeper "
        "ledger accept"
    ),
    "a standby can take over from the ledger's server without the last calls, because no standby "
    "confirms them. Hard limits could then be passed, so they admit no call: {...}": (
        "máy dự phòng có thể lên thay máy chủ giữ sổ mà thiếu những lượt gọi cuối, vì không máy dự "
        "phòng nào xác nhận chúng. Hạn mức cứng khi đó có thể bị vượt, nên không nhận lượt gọi nào: "
        "{0!t}"
    ),
    "set synchronous_standby_names on the server; or accept the loss: asynchronous_replication = "
    "allow": (
        "hãy đặt synchronous_standby_names trên máy chủ; hoặc chấp nhận mất: "
        "asynchronous_replication = allow"
    ),
    'durability is "replicated", but no standby confirms commits': (
        'durability là "replicated", nhưng không máy dự phòng nào xác nhận lần ghi'
    ),
    "set synchronous_standby_names, and synchronous_commit = on, on the server": (
        "hãy đặt synchronous_standby_names và synchronous_commit = on trên máy chủ"
    ),
    "replicated needs a ledger on PostgreSQL": "replicated cần một sổ trên PostgreSQL",
    "set it to power": "hãy đặt là power",
    "set it to power, process or replicated": "hãy đặt là power, process hoặc replicated",
    "replicated: an acknowledged write survives the loss of the server; it waits for a standby": (
        "replicated: lần ghi đã xác nhận còn nguyên cả khi mất máy chủ; nó chờ một máy dự phòng"
    ),
    "name a new file": "hãy nêu một tệp mới",
    "use the new ledger; or, to go on with this one: quotakeeper ledger unfreeze": (
        "hãy dùng sổ mới; hoặc, để dùng tiếp sổ này: quotakeeper ledger unfreeze"
    ),
    "was moved to {}": "đã được chuyển sang {0}",
    "was moved to {...}; it takes no calls any more": (
        "đã được chuyển sang {0}; sổ này không ghi lượt gọi nào nữa"
    ),
    "quotakeeper ledger unfreeze, if it is to take calls again": (
        "hãy chạy quotakeeper ledger unfreeze, nếu sổ này cần nhận lượt gọi trở lại"
    ),
    "if the new ledger has the calls, use it; if it is empty, let an old ledger on a server take "
    "calls again (quotakeeper ledger unfreeze), and move again": (
        "nếu sổ mới đã có các lượt gọi thì hãy dùng sổ mới; nếu nó trống, hãy cho sổ cũ trên máy chủ "
        "nhận lượt gọi trở lại (quotakeeper ledger unfreeze) rồi chuyển lại"
    ),
    "this user has no right to read its virtual keys": (
        "người dùng này không có quyền đọc các khóa ảo của sổ"
    ),
    "use the owner of the tables": "hãy dùng tài khoản sở hữu các bảng",
}
