/* Verbs: logins and the client itself. See verbs.h. */
#include "client/verbs/groups.h"
#include "client/complete.h"
#include "client/enrol.h"
#include "client/help.h"
#include "client/language.h"
#include "client/login.h"
#include "client/operation.h"
#include "client/profile.h"

static const struct verb verbs[] = {
    {.words = "login",
     .request = "login",
     .positional = "account",
     .secrets = "password code new_password",
     .run = login_run,
     .flags = login_flag_rows,
     .flag_count = LOGIN_FLAG_ROWS,
     .own_size = sizeof(struct login_flags),
     .about = N_("log in on this terminal"),
     .examples = N_("liandong login 013527\nliandong login 013527 --with-code\nliandong login 013527 --office yts "
                    "--role mediator\nliandong login 013527 --secret-fd 3 3< password.txt")},
    {.words = "logout",
     .request = "end_login",
     .secrets = "login reason",
     .run = logout_run,
     .about = N_("end the login on this terminal"),
     .examples = N_("liandong logout")},
    {.words = "password",
     .request = "change_password",
     .secrets = "password new_password",
     .run = password_run,
     .flags = login_flag_rows,
     .flag_count = 1,
     .own_size = sizeof(struct login_flags),
     .about = N_("change your password"),
     .examples = N_("liandong password")},
    {.words = "session list",
     .request = "list_logins",
     .about = N_("list logins: your own, and those of the accounts you administer"),
     .examples = N_("liandong session list --open\nliandong session list --account 013527")},
    {.words = "session end",
     .request = "end_login",
     .positional = "login reason",
     .required = "login",
     .about = N_("end a login; its connections are cut within seconds"),
     .examples = N_("liandong session end 0198c0de-1234-7abc-8def-0123456789ab 'left the desk'")},
    {.words = "enrol",
     .request = "enrol_device",
     .secrets = "token certificate_request",
     .run = enrol_run,
     .flags = enrol_flag_rows,
     .flag_count = ENROL_FLAG_ROWS,
     .own_size = sizeof(struct enrol_flags),
     .about = N_("make this computer a terminal: with the token that an administrator made"),
     .examples = N_("liandong enrol --server 192.168.1.10:7443\nliandong enrol --server 192.168.1.10:7443 --token "
                    "TOKEN\nliandong enrol --token-fd 3\nliandong enrol --renew"),
     .detail =
         N_("The key is made on this computer and never leaves it. Nothing is sent before the server has proved that "
            "it is the one the token was made for. The certificate renews itself when two thirds of its life are "
            "over.")},
    {.words = "profile show",
     .run = profile_show,
     .about = N_("show the settings in force"),
     .examples = N_("liandong profile show")},
    {.words = "profile set",
     .run = profile_set,
     .operands = N_("KEY=VALUE …"),
     .about = N_("keep settings"),
     .examples = N_("liandong profile set server=192.168.1.10:7443 ca=ca.crt cert=terminal.crt "
                    "key=terminal.key\nliandong profile set -p night output=ndjson")},
    {.words = "profile list",
     .run = profile_list,
     .about = N_("list the profiles"),
     .examples = N_("liandong profile list")},
    {.words = "completion",
     .run = completion_run,
     .operands = "bash",
     .about = N_("print the completion script for bash"),
     .examples = N_("source <(liandong completion bash)")},
    {.words = "version", .run = help_version, .about = N_("print the version"), .examples = N_("liandong version")},
    {.words = "help",
     .run = help_run,
     .operands = N_("[COMMAND | all | flags | exit | json]"),
     .about = N_("help on a command, on all of them, on exit codes, on JSON"),
     .examples = N_("liandong help incident report\nliandong help exit")},
    {.words = "__complete",
     .run = complete_run,
     .operands = "WORDS",
     .about = N_("what can stand next (for completion)"),
     .examples = "liandong __complete incident ''"},
};
const struct verb_group verbs_client = VERB_GROUP(verbs);
