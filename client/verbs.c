#include "client/verbs.h"
#include "client/command.h"
#include "client/complete.h"
#include "client/directory_import.h"
#include "client/duty.h"
#include "client/enrol.h"
#include "client/export.h"
#include "client/heads.h"
#include "client/help.h"
#include "client/import.h"
#include "client/labels.h"
#include "client/language.h"
#include "client/login.h"
#include "client/operation.h"
#include "client/profile.h"
#include "client/schema.h"
#include "client/status.h"
#include "client/watch.h"
#include "envelope.pb-c.h"
#include <stdio.h>
#include <string.h>

const struct verb verbs[] = {
    {.words = "incident report",
     .request = "report_incident",
     .positional = "content",
     .required = "class content",
     .about = N_("report an incident"),
     .examples = N_("liandong incident report --class dispute --place '12 Jianshe Road' 'neighbours quarrel about "
                    "building noise'\n"
                    "liandong incident report --class extreme-threat --level major --threat arson,self-harm "
                    "--reporter-phone 13800000000 'a man on the roof threatens to set fire'\n"
                    "liandong incident report --class consult - < account.txt")},
    {.words = "incident show",
     .request = "show_incident",
     .positional = "incident",
     .required = "incident",
     .about = N_("show one incident"),
     .detail = N_("who reported an incident of another office is shown by liandong incident reveal"),
     .examples = N_("liandong incident show JQ-2026-000123\nliandong incident show 123 -o json")},
    {.words = "incident list",
     .request = "list_incidents",
     .about = N_("list incidents, newest first"),
     .examples = N_("liandong incident list --open --level-at-least urgent\nliandong incident list --class dispute "
                    "--from 7d -o csv > disputes.csv")},
    {.words = "incident export",
     .request = "list_incidents",
     .required = "purpose",
     .run = export_run,
     .flags = export_flag_rows,
     .flag_count = EXPORT_FLAG_ROWS,
     .own_size = sizeof(struct export_flags),
     .about = N_("write all incidents that fit into a CSV file, for a purpose"),
     .detail = N_("purposes: handling, mediation, follow_up, risk, investigation, complaint, supervision. More than 50 "
                  "rows in an hour take two: a head agrees (liandong approval list), then the same command again. Who "
                  "reported is not in it"),
     .examples = N_("liandong incident export --class dispute --from 2026-01-01 --until 2026-02-01 --purpose "
                    "supervision --out january.csv")},
    {.words = "incident search",
     .request = "search_incidents",
     .positional = "text",
     .required = "text",
     .about = N_("find incidents by words in them"),
     .examples = N_("liandong incident search barbecue\nliandong incident search 'noise night' --from 2026-01-01")},
    {.words = "incident dispatch",
     .request = "dispatch_incident",
     .positional = "incident dispatched_to",
     .required = "incident dispatched_to",
     .about = N_("send officers"),
     .examples = N_("liandong incident dispatch 123 'patrol car 2'")},
    {.words = "incident arrive",
     .request = "arrive_incident",
     .positional = "incident",
     .required = "incident",
     .about = N_("say that you are on the scene"),
     .examples = N_("liandong incident arrive 123\nliandong incident arrive 123 --arrived-at 20:15")},
    {.words = "incident handle",
     .request = "handle_incident",
     .positional = "incident note",
     .required = "incident",
     .about = N_("say that handling has begun"),
     .examples = N_("liandong incident handle 123\nliandong incident handle 123 'talking to both sides'")},
    {.words = "incident note",
     .request = "note_incident",
     .positional = "incident note",
     .required = "incident note",
     .about = N_("add a work note"),
     .examples = N_("liandong incident note 123 'both sides calmed down, mediation on Friday'")},
    {.words = "incident feedback",
     .request = "feedback_incident",
     .positional = "incident result",
     .required = "incident",
     .about = N_("report the result"),
     .examples = N_("liandong incident feedback 123 --result-code DEFUSED 'talked down, handed over to the family'")},
    {.words = "incident close",
     .request = "close_incident",
     .positional = "incident",
     .required = "incident",
     .about = N_("close an incident"),
     .examples = N_("liandong incident close 123\nliandong incident close 123 --base-version 7")},
    {.words = "incident reopen",
     .request = "reopen_incident",
     .positional = "incident reason",
     .required = "incident reason",
     .about = N_("take up a closed incident again"),
     .examples = N_("liandong incident reopen 123 'the same neighbours called again'")},
    {.words = "incident void",
     .request = "void_incident",
     .positional = "incident reason",
     .required = "incident reason",
     .confirm = true,
     .about = N_("declare an incident void; it stays on record"),
     .detail =
         N_("takes two: a head of your office or of the paired one agrees (liandong approval list), then the same "
            "command again carries it out"),
     .examples = N_("liandong incident void 123 'entered twice, see 122'")},
    {.words = "incident correct",
     .request = "correct_incident",
     .positional = "incident",
     .required = "incident",
     .idle = "incident base_version reason",
     .about = N_("correct what was entered; only the fields given change"),
     .examples = N_("liandong incident correct 123 --place '21 Jianshe Road' --reason 'misheard' --base-version 3")},
    {.words = "incident grade",
     .request = "grade_incident",
     .positional = "incident sensitivity reason",
     .required = "incident sensitivity reason",
     .about = N_("change who may see an incident: its level from 0 to 4"),
     .examples = N_("liandong incident grade 123 3 'the caller must be protected'")},
    {.words = "incident grant",
     .request = "grant_access",
     .positional = "incident account reason",
     .required = "incident account until reason",
     .about = N_("open one incident to one person for a time"),
     .examples = N_("liandong incident grant 123 044021 'works on the case' --until 2026-12-31")},
    {.words = "incident withdraw",
     .request = "withdraw_access",
     .positional = "incident account reason",
     .required = "incident account reason",
     .about = N_("close an incident to a person it was opened to"),
     .examples = N_("liandong incident withdraw 123 044021 'left the case'")},
    {.words = "incident break-glass",
     .request = "break_glass",
     .positional = "incident",
     .required = "incident purpose reason",
     .about = N_("on the scene of a grave incident: open a record that is closed to you, for some hours"),
     .detail = N_("first: liandong incident arrive. Purposes: handling, mediation, follow_up, risk, investigation, "
                  "complaint, supervision. The heads of both offices are told at once, every look is written down, and "
                  "a head of the office whose record it is judges afterwards whether it was needed. What is for named "
                  "persons only, and tips, stay closed. Close it again: liandong incident withdraw"),
     .examples = N_("liandong incident break-glass JQ-2026-000123 --purpose risk --reason 'the man on the roof: is he "
                    "violent, does he have children?'")},
    {.words = "review list",
     .request = "list_reviews",
     .about = N_("who opened closed records on the scene, and what was judged of it"),
     .examples = N_("liandong review list --open\nliandong review list --overdue")},
    {.words = "review decide",
     .request = "decide_review",
     .positional = "review justified reason",
     .required = "review justified reason",
     .about = N_("judge whether opening a closed record on the scene was needed"),
     .detail =
         N_("for heads of the office whose record it is, never for who opened it; where it was not needed, access "
            "that still lasts ends at once. How often she looked: liandong review list, liandong audit who-saw"),
     .examples = N_("liandong review decide 7 yes 'risk to the child, looked once'\nliandong review decide 7 no "
                    "'nothing to do with the scene'")},
    {.words = "rights explain",
     .request = "explain_rights",
     .positional = "incident account",
     .required = "incident",
     .about = N_("say why somebody sees an incident or not"),
     .examples = N_("liandong rights explain 123 044021\nliandong rights explain 123 --office yts --role mediator")},
    {.words = "incident history",
     .request = "show_history",
     .positional = "incident",
     .required = "incident",
     .about = N_("show every change of an incident"),
     .examples = N_("liandong incident history 123")},
    {.words = "incident reveal",
     .request = "reveal_incident",
     .positional = "incident",
     .required = "incident purpose case_no",
     .about = N_("see who reported an incident of another office, for a purpose"),
     .detail = N_("purposes: handling, mediation, follow_up, risk, investigation, complaint, supervision; the office "
                  "that entered it reads who asked and what for"),
     .examples = N_("liandong incident reveal 123 --purpose mediation --case-no TJ-2026-031")},
    {.words = "approval list",
     .request = "list_approvals",
     .about = N_("what waits for a second person's word"),
     .examples = N_("liandong approval list --open")},
    {.words = "approval decide",
     .request = "decide_approval",
     .positional = "approval agreed reason",
     .required = "approval agreed",
     .about = N_("agree to what somebody else asked for, or decline it"),
     .detail =
         N_("Your word does not carry it out: whoever asked sends the same command again, once, and only for what "
            "the list says. Who asked can't decide. A reason is needed to decline."),
     .examples = N_("liandong approval decide 17 yes\nliandong approval decide 17 no 'not needed for this'")},
    {.words = "incident import",
     .run = import_run,
     .flags = import_flag_rows,
     .flag_count = IMPORT_FLAG_ROWS,
     .own_size = sizeof(struct import_flags),
     .operands = N_("FILE.csv"),
     .about = N_("enter a call log of another system; again and again changes nothing"),
     .examples = N_("liandong incident import calls.csv --header --map "
                    "content=remark,occurred_at=time,received_at=time,external_no=no,place=township+street --class-map "
                    "'Fire=disaster,Traffic=traffic' --default-class emergency-help\n"
                    "liandong incident import calls-911.csv --map "
                    "latitude=1,longitude=2,content=3,class=3,occurred_at=4,received_at=4,place=5+6 --class-map "
                    "'EMS=emergency-help,Fire=disaster,Traffic=traffic' --tz -05:00"),
     .detail = N_("Each row is entered under a request id made from its content, so that rows that are there already "
                  "are told as such and nothing is entered twice. "
                  "Bad rows go to the reject file with their reasons and never stop the rest. With -o every row's "
                  "verdict is printed; without it only rejections.")},
    {.words = "directory import",
     .run = directory_import_run,
     .flags = directory_import_flag_rows,
     .flag_count = DIRECTORY_IMPORT_FLAG_ROWS,
     .own_size = sizeof(struct directory_import_flags),
     .operands = N_("FILE.csv"),
     .about = N_("enter offices, pairings, people and positions from a file; again and again changes nothing"),
     .examples = N_("liandong directory import district.csv\nliandong directory import district.csv --encoding gb18030 "
                    "--dry-run"),
     .detail =
         N_("The first line names the columns, by field or label: kind of row, office, name, system, kind, parent, "
            "account, role, station, judicial, position, place, phone, since, until. The first column says what a row "
            "is: office, pairing, person, capacity or position. A person's further rows are further capacities. What "
            "is there already and says something else is changed: name and parent of an office, name, place and phone "
            "of a position. Bad rows go to the reject file with their reasons and never stop the rest.")},
    {.words = "feed watch",
     .request = "watch_feed",
     .run = watch_run,
     .flags = watch_flag_rows,
     .flag_count = WATCH_FLAG_ROWS,
     .own_size = sizeof(struct watch_flags),
     .about = N_("watch what happens, live, and go on where you left off"),
     .examples =
         N_("liandong feed watch\nliandong feed watch --level-at-least urgent --bell\nliandong feed watch --from-start "
            "--no-follow -o ndjson\nliandong feed watch --class dispute,extreme-threat --kind report,note"),
     .detail = N_("The place in the feed is kept for each profile, server and filter; the next watch goes on from "
                  "there. Without a kept place it begins now, with --from-start at the beginning. "
                  "With -o ndjson each line is one message: a delivery {cursor, prev, event}, {cursor, live} when "
                  "everything so far was told, {reason} and {incidents} when the history was cut and a snapshot "
                  "follows. Ctrl-C ends the watch, with exit code 130.")},
    {.words = "feed verify",
     .request = "verify_feed",
     .about = N_("check that the record of all changes is intact"),
     .examples = N_("liandong feed verify")},
    {.words = "admin logs",
     .request = "follow_logs",
     .run = logs_run,
     .flags = logs_flag_rows,
     .flag_count = LOGS_FLAG_ROWS,
     .own_size = sizeof(struct logs_flags),
     .about = N_("read the logs of all servers, from any of them"),
     .examples =
         N_("liandong admin logs --since 1h --level warn\nliandong admin logs --follow --word 'conn.*' --office "
            "ytp\nliandong admin logs -f -o ndjson --grep UNKNOWN_DEVICE"),
     .detail = N_("Lines below info stay in each server's own file. Lines are kept for a day. What the other servers "
                  "write is here within two seconds; lines of one answer are in the order of their clocks.")},
    {.words = "admin sessions",
     .request = "list_connections",
     .run = sessions_run,
     .flags = sessions_flag_rows,
     .flag_count = SESSIONS_FLAG_ROWS,
     .own_size = sizeof(struct sessions_flags),
     .about = N_("who is connected, to whichever server"),
     .examples = N_("liandong admin sessions\nliandong admin sessions --office ytp --watch")},
    {.words = "admin kick",
     .request = "kick_sessions",
     .positional = "session",
     .required = "reason",
     .about = N_("end sessions; their terminals may come back"),
     .examples = N_("liandong admin kick a/17 --reason 'left unlocked'\nliandong admin kick --device ytp-duty --reason "
                    "lost\nliandong admin kick --office ytp --reason drill")},
    {.words = "admin drain",
     .request = "drain_node",
     .positional = "node",
     .required = "node",
     .confirm = true,
     .about = N_("stop a server as planned: its terminals are sent to the others"),
     .examples = N_("liandong admin drain a\nliandong admin drain a --after 60 --reason maintenance --yes")},
    {.words = "admin level",
     .request = "set_log_level",
     .positional = "node level",
     .required = "node level",
     .about = N_("how much a server (or all) writes into its log, from now on"),
     .examples = N_("liandong admin level a debug\nliandong admin level all info")},
    {.words = "admin order",
     .request = "show_order",
     .positional = "order",
     .required = "order",
     .about = N_("what the servers made of an order"),
     .examples = N_("liandong admin order 018f0000-0000-7000-8000-000000000001")},
    {.words = "admin health",
     .request = "show_health",
     .about = N_("how every server is"),
     .examples = N_("liandong admin health\nliandong admin health -o json")},
    {.words = "admin metrics",
     .request = "show_metrics",
     .positional = "node",
     .about = N_("what every server counts"),
     .examples = N_("liandong admin metrics a\nliandong admin metrics --name sessions")},
    {.words = "admin devices",
     .request = "survey_devices",
     .about = N_("every terminal: its certificate's days left, when it was seen last"),
     .examples = N_("liandong admin devices --expires-within 14\nliandong admin devices --office ytp -o csv")},
    {.words = "audit list",
     .request = "list_audit",
     .about = N_("who was told what, and who was refused; for the auditor"),
     .examples = N_("liandong audit list --denied --from 7d\nliandong audit list --officer 100123 -o csv")},
    {.words = "audit who-saw",
     .request = "show_readers",
     .positional = "incident",
     .required = "incident",
     .about = N_("who was told sensitive fields of a record, and who was refused"),
     .examples = N_("liandong audit who-saw JQ-2026-000123")},
    {.words = "audit verify",
     .request = "verify_audit",
     .run = audit_verify_run,
     .flags = audit_verify_flag_rows,
     .flag_count = AUDIT_VERIFY_FLAG_ROWS,
     .own_size = sizeof(struct witness_flags),
     .about = N_("check both chains, every signature, and what a witness has kept"),
     .examples = N_("liandong audit verify\nliandong audit verify --witness heads.txt")},
    {.words = "audit heads",
     .request = "list_heads",
     .about = N_("the signed heads of both chains"),
     .examples = N_("liandong audit heads\nliandong audit heads --after 100 -o ndjson")},
    {.words = "audit witness",
     .run = audit_witness_run,
     .flags = witness_flag_rows,
     .flag_count = WITNESS_FLAG_ROWS,
     .own_size = sizeof(struct witness_flags),
     .operands = N_("FILE"),
     .about = N_("follow the signed heads in another office and keep them"),
     .examples = N_("liandong audit witness heads.txt\nliandong audit witness --once heads.txt"),
     .detail =
         N_("Each signed head is checked against the one before, the server recomputes both chains from what is kept "
            "here, and the head is added to FILE with the witness's own signature. Run it on a machine whose "
            "administrator is not the database's.")},
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
    {.words = "office list",
     .request = "list_offices",
     .about = N_("list offices with their pairings"),
     .examples = N_("liandong office list\nliandong office list --office ytga")},
    {.words = "office open",
     .request = "open_office",
     .positional = "office name",
     .required = "office name system kind parent",
     .about = N_("enter a new office below another"),
     .examples = N_("liandong office open ytp2 'Second Station' --system police --kind station --parent ytga\n"
                    "liandong office open dm-sq 'East Gate Community' --system partner --kind partner --partner-kind "
                    "community --parent ytga")},
    {.words = "office change",
     .request = "change_office",
     .positional = "office",
     .required = "office",
     .idle = "office base_version reason",
     .about = N_("change an office's name, superior or kind of partner"),
     .examples =
         N_("liandong office change ytp --name 'Yuetang Road Station'\nliandong office change dm-sq --partner-kind "
            "sub-district")},
    {.words = "office kinds",
     .request = "list_partner_kinds",
     .about = N_("list the kinds of partners, such as communities, sub-districts and lawyers"),
     .examples = N_("liandong office kinds")},
    {.words = "office pair",
     .request = "pair_offices",
     .positional = "station judicial",
     .required = "station judicial",
     .about = N_("pair a station with a judicial office; holds once both sides' administrators said so"),
     .examples =
         N_("liandong office pair ytp yts\nliandong office pair ytp yts --since 2026-12-01 --until 2027-11-30")},
    {.words = "office part",
     .request = "part_offices",
     .positional = "station judicial reason",
     .required = "station judicial reason",
     .confirm = true,
     .about = N_("end a pairing"),
     .examples = N_("liandong office part ytp yts 'the districts were drawn anew' --until 2026-12-31")},
    {.words = "office changes",
     .request = "list_changes",
     .about = N_("every change of offices and accounts that you administer, newest first"),
     .examples = N_("liandong office changes --limit 20")},
    {.words = "area list",
     .request = "list_areas",
     .about = N_("list areas and the offices they are assigned to"),
     .examples = N_("liandong area list\nliandong area list --office ytp")},
    {.words = "area open",
     .request = "open_area",
     .positional = "area name",
     .required = "area name office",
     .about = N_("enter a new area, such as a community or a grid"),
     .examples = N_("liandong area open dm-1 'East Gate, grid 1' --office ytp")},
    {.words = "area change",
     .request = "change_area",
     .positional = "area",
     .required = "area",
     .idle = "area base_version reason",
     .about = N_("change an area's name"),
     .examples = N_("liandong area change dm-1 --name 'East Gate and Harbour, grid 1'")},
    {.words = "area close",
     .request = "close_area",
     .positional = "area reason",
     .required = "area reason",
     .confirm = true,
     .about = N_("end an area; its records keep its name"),
     .examples = N_("liandong area close dm-1 'the grids were drawn anew'")},
    {.words = "area assign",
     .request = "assign_area",
     .positional = "area office",
     .required = "area office",
     .about = N_("assign an area to an office, or set the last day of that"),
     .examples =
         N_("liandong area assign dm-1 dm-sq\nliandong area assign dm-1 dm-sq --since 2026-12-01 --until 2027-11-30")},
    {.words = "area unassign",
     .request = "unassign_area",
     .positional = "area office reason",
     .required = "area office reason",
     .about = N_("take an area from an office, at once"),
     .examples = N_("liandong area unassign dm-1 dm-sq 'the community was merged'")},
    {.words = "account list",
     .request = "list_accounts",
     .about = N_("list accounts and what they may act as"),
     .examples = N_("liandong account list --office ytp")},
    {.words = "account add",
     .request = "add_account",
     .positional = "account name",
     .required = "account name office role",
     .about = N_("enter a person"),
     .examples = N_("liandong account add 013527 'Zhang Jianguo' --office ytp --role duty")},
    {.words = "account assign",
     .request = "assign_account",
     .positional = "account office role",
     .required = "account office role",
     .about = N_("give an account one more role, or station it at another office"),
     .examples = N_("liandong account assign 013527 yts mediator --since 2026-12-01 --reason 'stationed there'")},
    {.words = "account unassign",
     .request = "unassign_account",
     .positional = "account office role reason",
     .required = "account office role reason",
     .about = N_("take a role away; logins in that role end"),
     .examples = N_("liandong account unassign 013527 yts mediator 'back at the station'")},
    {.words = "account lock",
     .request = "lock_account",
     .positional = "account reason",
     .required = "account reason",
     .about = N_("lock an account; its logins and feeds are cut within seconds"),
     .examples = N_("liandong account lock 013527 'laptop stolen'")},
    {.words = "account unlock",
     .request = "unlock_account",
     .positional = "account reason",
     .required = "account reason",
     .about = N_("let a locked or blocked account log in again"),
     .examples = N_("liandong account unlock 013527 'laptop found'")},
    {.words = "account code",
     .request = "issue_code",
     .positional = "account",
     .required = "account",
     .about = N_("make a one-use code with which the person sets a password"),
     .examples = N_("liandong account code 013527")},
    {.words = "position list",
     .request = "list_positions",
     .about = N_("list positions with place and telephone"),
     .examples = N_("liandong position list --office ytp")},
    {.words = "position open",
     .request = "open_position",
     .positional = "position name",
     .required = "position office name kind place",
     .about = N_("open a centre or an outpost of an office"),
     .examples = N_("liandong position open ytp-c 'Joint Centre' --office ytp --kind centre --place '1 Yuetang Road' "
                    "--phone 58512345")},
    {.words = "position change",
     .request = "change_position",
     .positional = "position",
     .required = "position",
     .idle = "position base_version reason",
     .about = N_("change a position's name, place or telephone"),
     .examples = N_("liandong position change ytp-c --phone 58512346")},
    {.words = "position close",
     .request = "close_position",
     .positional = "position reason",
     .required = "position reason",
     .confirm = true,
     .about = N_("close a position; its roster ends"),
     .examples = N_("liandong position close ytp-c 'moved'")},
    {.words = "duty now",
     .request = "list_duties",
     .run = duty_now,
     .about = N_("whom to call now: who is on duty at the positions of your office and its pair"),
     .examples = N_("liandong duty now\nliandong duty now --office yts")},
    {.words = "duty list",
     .request = "list_duties",
     .about = N_("the duty roster: what is on now and what comes, or a period"),
     .examples = N_("liandong duty list --position ytp-c\nliandong duty list --since 2026-12-01 --until 2026-12-08")},
    {.words = "duty set",
     .request = "set_duty",
     .positional = "position account since until",
     .required = "position account since until",
     .about = N_("put a person on duty"),
     .examples = N_("liandong duty set ytp-c 013527 '2026-12-01 08:00' '2026-12-01 20:00'")},
    {.words = "duty remove",
     .request = "remove_duty",
     .positional = "position account since reason",
     .required = "position account since reason",
     .about = N_("take a duty off the roster; one that has begun ends now"),
     .examples = N_("liandong duty remove ytp-c 013527 '2026-12-01 08:00' 'ill'")},
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
    {.words = "device invite",
     .request = "invite_device",
     .positional = "device",
     .required = "device office",
     .about = N_("make a token with which a computer becomes a terminal of an office"),
     .examples =
         N_("liandong device invite ytp-duty3 --office ytp\nliandong device invite ytp-wall --office ytp --role "
            "viewer"),
     .detail =
         N_("Without --role people log in there. With it the terminal acts by itself in that role, such as a screen "
            "on a wall. A terminal of the same name is replaced.")},
    {.words = "device revoke",
     .request = "revoke_device",
     .positional = "device reason",
     .required = "device reason",
     .confirm = true,
     .about = N_("throw a terminal out; its connections are cut within seconds"),
     .examples = N_("liandong device revoke ytp-duty3 'laptop stolen'")},
    {.words = "status",
     .run = status_run,
     .about = N_("who you are here, whether the server answers, when the certificate expires"),
     .examples = N_("liandong status")},
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
     .operands = N_("[COMMAND | exit | json]"),
     .about = N_("help on a command, on exit codes, on JSON"),
     .examples = N_("liandong help incident report\nliandong help exit")},
    {.words = "__complete",
     .run = complete_run,
     .operands = "WORDS",
     .about = N_("what can stand next (for completion)"),
     .examples = "liandong __complete incident ''"},
};
const size_t verbs_count = sizeof verbs / sizeof *verbs;

const struct verb *verbs_find(const char *first, const char *second) {
    for (size_t i = 0; i < verbs_count; i++) {
        const char *words = verbs[i].words, *blank = strchr(words, ' ');
        size_t size = blank ? (size_t)(blank - words) : strlen(words);
        if (strlen(first) != size || memcmp(first, words, size) != 0) continue;
        if (!second && !blank) return &verbs[i];
        if (second && blank && strcmp(blank + 1, second) == 0) return &verbs[i];
    }
    return NULL;
}

bool verbs_is_noun(const char *word) {
    size_t size = strlen(word);
    for (size_t i = 0; i < verbs_count; i++)
        if (strncmp(verbs[i].words, word, size) == 0 && verbs[i].words[size] == ' ') return true;
    return false;
}

size_t verb_places(const struct verb *verb, struct schema_place *places, size_t most) {
    size_t count = verb->request ? schema_places(schema_type(schema_request(verb->request)), places, most) : 0,
           kept = 0;
    for (size_t i = 0; i < count; i++)
        if (!command_lists(verb->secrets, places[i].field->name)) places[kept++] = places[i];
    return kept;
}

const char *verb_name(const struct verb *verb) {
    const char *blank = strchr(verb->words, ' ');
    return blank ? blank + 1 : verb->words;
}

/* Events are the traces of writes. */
static bool makes_events(const struct verb *verb) {
    return verb->request && schema_writes(schema_request(verb->request));
}

const char *verbs_request_of(const char *word) {
    for (size_t i = 0; i < verbs_count; i++) {
        const struct verb *verb = &verbs[i];
        if (!makes_events(verb)) continue;
        if (schema_same_word(word, verb->request) || schema_same_word(word, verb_name(verb)) ||
            schema_same_word(word, label_name(verb->request)))
            return verb->request;
    }
    return NULL;
}

const struct verb *verbs_of_request(const char *request) {
    for (size_t i = 0; i < verbs_count; i++)
        if (verbs[i].request && request && strcmp(verbs[i].request, request) == 0) return &verbs[i];
    return NULL;
}

void verbs_list_kinds(char *out, size_t room) {
    size_t used = 0;
    out[0] = '\0';
    for (size_t i = 0; i < verbs_count && used < room; i++) {
        if (!makes_events(&verbs[i])) continue;
        const char *label = label_name(verbs[i].request);
        bool both = !schema_same_word(label, verb_name(&verbs[i]));
        int n = snprintf(out + used, room - used, "%s%s%s%s", used ? ", " : "", verb_name(&verbs[i]), both ? " " : "",
                         both ? label : "");
        used += n > 0 ? (size_t)n : 0;
    }
}
