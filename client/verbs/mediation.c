/* Verbs: sessions, agreements, visits and the file of a dispute. See verbs.h. */
#include "client/verbs/groups.h"
#include "client/language.h"

static const struct verb verbs[] = {
    {.words = "mediation hold",
     .request = "hold_session",
     .positional = "dispute session_mode note_open",
     .required = "dispute session_mode",
     .about = N_("write down a mediation session"),
     .detail = N_("a session may be entered later: --held-at says when it was, and both moments are shown; "
                  "--note-private is sealed and read by mediators and the head of the judicial office only; --ignite "
                  "tells both sides at once that it may flare up"),
     .examples =
         N_("liandong mediation hold 17 back-to-back 'talked to both families' --risk mid --note-private 'he is "
            "afraid of his brother'\nliandong mediation hold 17 face-to-face --session-method law-explain "
            "--present a,b --participants 'community: Shuyuan Road; legal adviser: Zhang' --held-at "
            "'2026-06-09 09:00'")},
    {.words = "mediation correct",
     .request = "correct_session",
     .positional = "dispute round",
     .required = "dispute round",
     .idle = "dispute round session_version reason",
     .about = N_("correct what was written down of a session"),
     .detail =
         N_("the private note stays as it was said; name the version that you read with --session-version. A session "
            "that was entered on the wrong dispute is no session any more with --session-result mistaken: it "
            "keeps its number and counts in no figure"),
     .examples = N_("liandong mediation correct 17 3 --session-version 1 --session-result failed\n"
                    "liandong mediation correct 17 3 --session-result mistaken --reason 'of another dispute'")},
    {.words = "mediation list",
     .request = "list_sessions",
     .positional = "dispute",
     .required = "dispute",
     .about = N_("the sessions of a dispute, round by round"),
     .examples = N_("liandong mediation list 17\nliandong mediation list JF-2026-000017 -o csv")},
    {.words = "mediation private",
     .request = "show_session",
     .positional = "dispute round",
     .required = "dispute round",
     .about = N_("read the private note of a session"),
     .detail = N_("for mediators and the head of the judicial office; who reads it is written down"),
     .examples = N_("liandong mediation private 17 3")},
    {.words = "agreement make",
     .request = "make_agreement",
     .positional = "dispute agreement_form terms",
     .required = "dispute agreement_form terms",
     .about = N_("write down the agreement of the parties"),
     .detail = N_("it takes effect now, or at --effective-at; confirmation by a court can be asked for until its "
                  "deadline: deadline list --about"),
     .examples = N_("liandong agreement make 17 written 'A repairs the pipe by Friday, B withdraws the complaint' "
                    "--perform-by 2026-07-01\nliandong agreement make 17 oral 'paid 300 yuan' --on-spot")},
    {.words = "agreement list",
     .request = "list_agreements",
     .positional = "dispute",
     .required = "dispute",
     .about = N_("the agreements of a dispute"),
     .examples = N_("liandong agreement list 17")},
    {.words = "agreement apply",
     .request = "apply_confirmation",
     .positional = "dispute court",
     .required = "dispute court",
     .about = N_("ask a court to confirm the agreement"),
     .examples = N_("liandong agreement apply 17 'Yuetang District Court'")},
    {.words = "agreement decide",
     .request = "decide_confirmation",
     .positional = "dispute note",
     .required = "dispute confirmed",
     .about = N_("write down what the court decided"),
     .examples = N_("liandong agreement decide 17 --confirmed yes 'ruling no. 12'")},
    {.words = "agreement perform",
     .request = "perform_agreement",
     .positional = "dispute performance note",
     .required = "dispute performance",
     .about = N_("write down whether the agreement is kept"),
     .examples = N_("liandong agreement perform 17 fulfilled 'all paid'\nliandong agreement perform 17 breached")},
    {.words = "dispute visit",
     .request = "visit_dispute",
     .positional = "dispute note",
     .required = "dispute",
     .about = N_("write down a follow-up visit"),
     .detail = N_("at least one is needed before a dispute is closed"),
     .examples = N_("liandong dispute visit 17 'both are content' --performed --satisfaction good")},
    {.words = "dispute visits",
     .request = "list_visits",
     .positional = "dispute",
     .required = "dispute",
     .about = N_("the follow-up visits of a dispute"),
     .examples = N_("liandong dispute visits 17")},
    {.words = "dispute archive",
     .request = "archive_dispute",
     .positional = "dispute",
     .required = "dispute items",
     .about = N_("archive a closed dispute: one case, one file"),
     .examples = N_("liandong dispute archive 17 --items application,consent,investigation,record,agreement,visit")},
};
const struct verb_group verbs_mediation = VERB_GROUP(verbs);
