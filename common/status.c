#include "common/status.h"
#include <string.h>

#define CODE(name) LIANDONG__V1__CODE__CODE_##name

/* Sorted by meaning, not by name: whoever adds a row sees its relatives. INTERNAL is the row of every unknown reason.
 */
const struct status_row status_rows[] = {
    /* the message itself (common/wire) */
    {"MALFORMED", CODE(INVALID_ARGUMENT), "the message can't be decoded",
     "报文格式有误，服务器无法解读。请更新客户端后重试；仍然出现请联系管理员。", 0},
    {"TOO_DEEP", CODE(INVALID_ARGUMENT), "messages are nested too deeply",
     "报文嵌套层数过多。请更新客户端后重试；仍然出现请联系管理员。", 0},
    {"TOO_MANY_FIELDS", CODE(INVALID_ARGUMENT), "the message has too many fields", "一次提交的字段过多。请分几次提交。",
     0},
    {"TOO_LARGE", CODE(INVALID_ARGUMENT), "the message is too large",
     "内容超过单个报文的上限。请缩短内容或分几次提交。", 0},
    {"UNKNOWN_FIELD", CODE(INVALID_ARGUMENT), "the message has a field this server does not know",
     "客户端发来了本服务器不认识的字段，为防丢失数据未予受理。请使用与服务器版本一致的客户端，或请管理员升级服务器。",
     0},
    {"NOT_UTF8", CODE(INVALID_ARGUMENT), "the text is not valid UTF-8",
     "文字编码不是 UTF-8。请把来源文件转换为 UTF-8 后重试。", 0},
    {"CONTROL_CHARACTER", CODE(INVALID_ARGUMENT), "the text holds a control character",
     "文字中含有不可见的控制字符。请删除后重新输入，不要从其他程序直接粘贴。", 0},
    {"DIRECTION_MARK", CODE(INVALID_ARGUMENT), "the text holds a direction mark that can reorder what is shown",
     "文字中含有会打乱显示顺序的方向控制符。请删除后重新输入。", 0},
    {"TOO_LONG", CODE(INVALID_ARGUMENT), "the text is too long", "内容太长。请删减；其余部分可另写一条工作记录。", 0},
    {"TOO_SHORT", CODE(INVALID_ARGUMENT), "the text is too short", "内容太短，至少要两个字。请补充后重试。", 0},
    {"TOO_MANY", CODE(INVALID_ARGUMENT), "the list has too many items", "选项过多。请减少后重试。", 0},
    {"UNKNOWN_VALUE", CODE(INVALID_ARGUMENT), "the value is none of those this server knows",
     "取值不在可选范围内。可选的值见 --help，单位代码见 liandong status 和 incident show；不填请直接省略该项。", 0},
    {"BAD_SIZE", CODE(INVALID_ARGUMENT), "the field has not the size it must have",
     "编号或游标的长度不对。请原样使用系统给出的值。", 0},
    {"OUT_OF_RANGE", CODE(OUT_OF_RANGE), "the number or time is out of range",
     "数值或时间超出允许范围。请核对后重新填写。", 0},
    {"NO_BODY", CODE(INVALID_ARGUMENT), "the message holds no request", "报文中没有请求内容。请更新客户端后重试。", 0},
    {"UNKNOWN_REQUEST", CODE(UNIMPLEMENTED), "this server does not know the request",
     "本服务器尚不支持该操作。请联系管理员升级服务器，或使用与服务器版本一致的客户端。", 0},

    {"TRANSFER_OPEN", CODE(FAILED_PRECONDITION), "another transfer of the record is under way; see conflicts",
     "这条记录已有一件移送在办（编号见上）。请先办完、退回或撤回那一件，再移送。", 0},

    /* what a request must say */
    {"REQUIRED", CODE(INVALID_ARGUMENT), "a required field is missing", "缺少必填项。请补填后重试。", 0},
    {"ONE_OF_THEM", CODE(INVALID_ARGUMENT), "only one of these may be given",
     "这几项只能填其中一项。请去掉多余的一项后重试。", 0},
    {"REASON_REQUIRED", CODE(INVALID_ARGUMENT), "this change needs a reason",
     "该操作必须写明原因。请用 --reason 填写后重试。", 0},
    {"IN_FUTURE", CODE(INVALID_ARGUMENT), "the time lies in the future",
     "时间晚于当前时间。请核对日期和本机时钟后重新填写。", 0},
    {"REQUEST_ID_REQUIRED", CODE(INVALID_ARGUMENT), "a write needs a request_id of 16 bytes",
     "写入请求缺少请求编号，无法保证不重复办理。请更新客户端后重试。", 0},
    {"BAD_CURSOR", CODE(INVALID_ARGUMENT), "the cursor is not one of this system",
     "接收进度（游标）无效。请删除本机保存的游标后重新订阅，或加 --from-start 从头接收。", 0},
    {"PAGE_INVALID", CODE(INVALID_ARGUMENT), "the page mark is not one of this query",
     "翻页标记无效或与查询条件不符。请从第一页重新查询。", 0},
    {"PAGE_TOO_LARGE", CODE(INVALID_ARGUMENT), "the page holds more than a frame may",
     "这一页的内容超过单个报文的上限。请减小每页条数（--limit）后重新查询。", 0},
    {"AMBIGUOUS_NUMBER", CODE(INVALID_ARGUMENT), "the number fits several incidents",
     "该编号对应多条警情。请输入更长的编号或完整编号，可先用 incident list 查看。", 0},

    /* who asks */
    {"UNKNOWN_DEVICE", CODE(UNAUTHENTICATED), "the certificate belongs to no device of the directory",
     "本机的证书未登记或已停用。请管理员发一个登记令牌（device invite），在本机重新登记。", 0},
    {"CERTIFICATE_EXPIRED", CODE(UNAUTHENTICATED), "the device's certificate has expired",
     "本机证书已过期。请向管理员申请新证书，更换后重新连接。", 0},
    {"ROLE_NOT_ALLOWED", CODE(PERMISSION_DENIED), "the caller's role may not do this",
     "您的岗位不能办理该操作。请找有权限的同事办理。", 0},
    {"ADMIN_ONLY", CODE(PERMISSION_DENIED), "only a system administrator may do this",
     "这是系统管理员的操作，您的岗位不能办理。请联系本单位的系统管理员。", 0},
    {"NOT_YOURS", CODE(PERMISSION_DENIED), "the record belongs to an office whose records the caller may not change",
     "该警情不归本单位办理，不能修改。请联系承办单位办理，或写一条工作记录。", 0},
    {"LOGIN_REQUIRED", CODE(UNAUTHENTICATED), "nobody has logged in on this device",
     "本终端还没有人登录。请先执行 liandong login 登录。", 0},
    {"WRONG_PASSWORD", CODE(UNAUTHENTICATED), "account and password don't fit, or the account may not log in",
     "账号或密码不对，或账号已停用。请重新输入；连续输错会暂停登录一段时间。忘记密码请管理员发一次性登录码。", 0},
    {"LOGIN_BLOCKED", CODE(UNAUTHENTICATED), "too many wrong passwords; the account can't log in for a while",
     "密码连续输错次数过多，账号暂停登录。请稍后再试；情况紧急请管理员执行 liandong account unlock。", 0},
    {"LOGIN_ENDED", CODE(UNAUTHENTICATED), "the login has ended",
     "登录已结束（到时、退出、被管理员结束或岗位有变动）。请重新执行 liandong login。", 0},
    {"LOGIN_IDLE", CODE(UNAUTHENTICATED), "the login was idle for too long",
     "长时间没有操作，登录已自动锁定。请重新执行 liandong login。", 0},
    {"NO_ASSIGNMENT", CODE(PERMISSION_DENIED), "the account has no such office and role today",
     "该账号今天没有这个单位或岗位。请核对 --office 和 --role，或请管理员执行 liandong account assign。", 0},
    {"OTHER_OFFICES_DEVICE", CODE(PERMISSION_DENIED), "the device belongs to an office where the account has no role",
     "这台终端不是您所在单位的。请用本单位的终端登录；前置到其他单位工作的，请管理员先为您增加该单位的岗位。", 0},
    {"WEAK_PASSWORD", CODE(INVALID_ARGUMENT), "the password is too short",
     "新密码太短。请至少用 10 个字符，可以用一句好记的话。", 0},
    {"ACCOUNT_LOCKED", CODE(FAILED_PRECONDITION), "the account is locked",
     "该账号已停用。请先执行 liandong account unlock。", 0},
    {"BAD_CODE", CODE(INVALID_ARGUMENT), "a code is 1 to 64 lower-case letters, digits and hyphens",
     "代码只能用小写字母、数字和连字符，最多 64 个。请改好后重试。", 0},
    {"CODE_TAKEN", CODE(ALREADY_EXISTS), "the code is in use already",
     "这个代码已有单位或人员在用。请换一个，或先查看现有名册。", 0},
    {"BAD_PARTNER_KIND", CODE(INVALID_ARGUMENT),
     "a partner is of one of the kinds in the list, any other office of none",
     "伙伴单位须写明是哪一类，其他单位不写。请用 liandong office kinds 查看可选的类别。", 0},
    {"BAD_AREA", CODE(INVALID_ARGUMENT), "no such area, or one that is not of the office's side and not assigned to it",
     "没有这个辖区，或者它不归本单位这一边管、也没有分配给登记单位。请用 liandong area list 查看。", 0},
    {"OWN_SUPERIOR", CODE(INVALID_ARGUMENT), "an office can't stand above itself",
     "上下级绕成了圈。请重新选择上级单位。", 0},
    {"APPROVAL_NEEDED", CODE(PERMISSION_DENIED), "a second person has to agree first",
     "这件事须第二人同意。已列入本单位和结对单位负责人的待审批（approval "
     "list），请等其同意后，由您本人再发同一条命令。",
     0},
    {"NOT_ON_SCENE", CODE(PERMISSION_DENIED), "nobody arrived by this name at a grave incident that still goes on",
     "紧急查看只给正在现场的人：您近来没有到达仍在处置的重大、紧急或扬言极端警情。到场后先执行 liandong incident "
     "arrive "
     "编号，再发同一条命令；不在现场的，请所长授权查看。",
     0},
    {"CENTRE_THERE", CODE(FAILED_PRECONDITION), "the office has a centre already",
     "该单位已有联动中心。请开设站点，或先用 liandong position close 撤销原来的中心。", 0},
    {"NOT_OF_OFFICE", CODE(FAILED_PRECONDITION),
     "the person is neither of the position's office nor of the one paired with it",
     "此人在这段时间不属于该阵地的单位，也不属于与其结对的单位。请先用 liandong account assign 增加岗位。", 0},
    {"DUTY_OVERLAP", CODE(FAILED_PRECONDITION), "the person is on duty elsewhere, or there already, at that time",
     "此人这段时间已排有值班。请用 liandong duty list --account 查看，先用 liandong duty remove 取消。", 0},
    {"LAST_ONE", CODE(FAILED_PRECONDITION), "the office would be left without its last administrator or leader",
     "这是该单位最后一位管理员或负责人，不能停用或免去。请先指定接任的人并让其登录过一次。", 0},

    /* devices that are to come in */
    {"ENROLMENT_ELSEWHERE", CODE(FAILED_PRECONDITION), "this server certifies no devices; an outside authority does",
     "本服务器不签发终端证书：由外部 CA 签发。请向签发机构申请证书，再由管理员用 liandongd directory 登记。", 0},
    {"ENROLMENT_ONLY", CODE(PERMISSION_DENIED),
     "without a certificate a connection may only enrol a device, and only such a connection may",
     "没有证书的连接只能用来登记终端；登记也只能在这种连接上办理。请执行 liandong enrol。", 0},
    {"TOKEN_INVALID", CODE(PERMISSION_DENIED), "there is no such invitation",
     "没有这个登记令牌。请核对后重新输入，或请管理员重新生成。", 0},
    {"TOKEN_USED", CODE(PERMISSION_DENIED), "the invitation was used before",
     "登记令牌已经用过，只能用一次。如果不是您用的，请立即告诉管理员停用那台终端；否则请管理员重新生成令牌。", 0},
    {"TOKEN_EXPIRED", CODE(PERMISSION_DENIED), "the invitation is no longer good",
     "登记令牌已过期或已被新的令牌取代。请管理员重新生成，在有效时间内使用。", 0},
    {"REQUEST_MALFORMED", CODE(INVALID_ARGUMENT), "this is not exactly one certificate request (PKCS#10, DER)",
     "证书请求无法解读。请更新客户端后重试。", 0},
    {"REQUEST_KEY", CODE(INVALID_ARGUMENT), "the key is neither P-256, Ed25519 nor RSA of 3,072 to 4,096 bits",
     "证书请求里的密钥不合要求：只接受 P-256、Ed25519 或 3072 至 4096 位的 RSA。请更新客户端后重试。", 0},
    {"REQUEST_SIGNATURE", CODE(INVALID_ARGUMENT), "the certificate request is not signed by its own key",
     "证书请求的签名与密钥不符，可能在途中损坏。请重试；仍然出现请联系管理员。", 0},
    {"DEVICE_TAKEN", CODE(ALREADY_EXISTS), "another office has a device of this name",
     "别的单位已有同名终端。请换一个终端名称重新生成令牌。", 0},
    {"DEVICE_KEY_TAKEN", CODE(ALREADY_EXISTS), "another device has this key",
     "这把密钥已属于另一台终端。请重新执行 liandong enrol，让本机生成新的密钥。", 0},
    {"RENEW_OTHER_KEY", CODE(PERMISSION_DENIED), "a renewal is for the same key; another one needs an invitation",
     "续期只能沿用原来的密钥。要换密钥，请管理员生成登记令牌后执行 liandong enrol。", 0},
    {"OWN_DEVICE", CODE(FAILED_PRECONDITION), "a device can't revoke itself",
     "不能停用正在使用的这台终端。请在另一台终端上办理。", 0},
    {"DEVICE_REVOKED", CODE(FAILED_PRECONDITION), "the device was revoked before",
     "这台终端早已停用，无需再办。要重新启用，请生成登记令牌重新登记。", 0},

    /* the conversation */
    {"HELLO_FIRST", CODE(FAILED_PRECONDITION), "the first message must be hello",
     "连接后必须先发送 hello。请更新客户端后重试。", 0},
    {"HELLO_TWICE", CODE(FAILED_PRECONDITION), "hello was served already",
     "同一连接上重复发送了 hello。请断开后重新连接。", 0},
    {"NO_COMMON_VERSION", CODE(FAILED_PRECONDITION), "client and server share no protocol version",
     "客户端与服务器的协议版本不兼容。请安装与服务器版本一致的客户端。", 0},
    {"ALREADY_WATCHING", CODE(FAILED_PRECONDITION), "this connection watches the feed already",
     "该连接已在接收动态。请先断开，再用新的条件订阅。", 0},

    /* the record */
    {"NOT_FOUND", CODE(NOT_FOUND), "there is no such record, or the caller may not see it",
     "没有找到，或您无权查看。请核对编号。", 0},
    {"KEY_REUSED", CODE(ALREADY_EXISTS), "the request_id was used before for other content",
     "该请求编号已用于另一份内容，本次未办理。请不要指定 --request-id，直接重新提交。", 0},
    {"VERSION_CONFLICT", CODE(ABORTED), "somebody changed the same fields since base_version",
     "在您查看之后，同事已改动了同样的内容，本次未保存。请对照双方的值，重新查看该警情后再决定。", 0},
    {"ILLEGAL_TRANSITION", CODE(FAILED_PRECONDITION), "the record's state does not allow this",
     "警情当前的状态不能办理该操作。请用 incident show 查看状态，先完成前一步。", 0},
    {"NO_CHANGE", CODE(FAILED_PRECONDITION), "the record says all of this already; nothing was done",
     "记录中已是这些内容，没有需要更正的，本次未办理。请用 incident show 核对；要留下说明请用 incident note "
     "写工作记录。",
     0},

    /* the nodes */
    {"UNKNOWN_NODE", CODE(INVALID_ARGUMENT), "no such node is heard of, or this can't be said of all at once",
     "没有这个名字的服务器节点，或它已停止，或该操作不能对全部节点下达。请用 admin health 查看节点名。", 0},

    /* the server */
    {"DATABASE_AWAY", CODE(UNAVAILABLE), "the database can't be reached; nothing was done",
     "数据库暂时连接不上，本次未办理。请稍候重试；持续出现请联系管理员。", 1000},
    {"SLOW_READER", CODE(UNAVAILABLE), "the connection takes its bytes too slowly",
     "网络接收太慢，连接已断开。客户端会自动重连并从断点补收，请检查本机网络。", 1000},
    {"QUEUE_FULL", CODE(RESOURCE_EXHAUSTED), "too many writes are waiting; nothing was done",
     "服务器繁忙，本次未办理。请稍候重试。", 500},
    {"DRAINING", CODE(UNAVAILABLE), "the server is about to stop; nothing was done",
     "服务器正在维护停机，本次未办理。客户端会自动重连；请稍候重试。", 1000},
    {"NO_MEMORY", CODE(RESOURCE_EXHAUSTED), "the server is short of memory; nothing was done",
     "服务器内存不足，本次未办理。请稍候重试；持续出现请联系管理员。", 1000},
    {"DEADLINE", CODE(DEADLINE_EXCEEDED), "the deadline passed; nothing was done",
     "等待超时，本次未办理。请重试；网络较慢时可用 --timeout 延长等待时间。", 0},
    {"OUTCOME_PENDING", CODE(PENDING), "the outcome is not known yet",
     "结果尚未确定，可能已经办理。请用同一请求编号再问一次，系统不会重复办理。", 500},
    {"INTERNAL", CODE(INTERNAL), "the server failed; see its log under the request_id",
     "服务器内部错误。请把请求编号告诉管理员，在服务器日志中查找原因。", 0},
};
const size_t status_rows_count = sizeof status_rows / sizeof *status_rows;

static const struct status_row *find(const char *reason) {
    for (size_t i = 0; i < status_rows_count; i++)
        if (!strcmp(status_rows[i].reason, reason)) return &status_rows[i];
    return NULL;
}

const struct status_row *status_find(const char *reason) {
    const struct status_row *row = reason ? find(reason) : NULL;
    return row ? row : find("INTERNAL");
}
