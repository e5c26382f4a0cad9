#include "client/language.h"
#include "client/verbs.h"
#include <stddef.h>

/* In this order they stand in the help: what a desk does all day first. */
static const struct noun nouns[] = {
    {"incident", N_("incidents: report, dispatch, handle, close"),
     N_("The usual course: report - dispatch - arrive - handle - feedback - close. A dispute behind it: dispute open, "
        "then dispute link")},
    {"dispute", N_("disputes: register, accept, mediate, close, archive"),
     N_("The usual course: open - assess - accept - mediation hold, round by round - agreement make (or conclude "
        "without one) - agreement perform - visit - close - archive. dispute show says what is possible now")},
    {"mediation", N_("mediation sessions, round by round"),
     N_("Of a dispute that was accepted (dispute accept). After the last round: agreement make, or dispute conclude")},
    {"agreement", N_("agreements, judicial confirmation, performance"),
     N_("The usual course: make - apply and decide, where a court is to confirm it, within its time - perform; then "
        "dispute visit and dispute close")},
    {"party", N_("parties of a dispute"), NULL},
    {"person", N_("persons: find, merge, part again"), NULL},
    {"alert", N_("alerts to the other office: raise, acknowledge, act, resolve"),
     N_("The usual course: raise - ack, by the other office - act - note and update as things go on - resolve. plan "
        "new sets its tasks")},
    {"plan", N_("response plans: a task for each partner"), NULL},
    {"transfer", N_("transfers to the other office: send, sign, accept, report back"),
     N_("The usual course: send - sign, by the receiving office - accept or return - feedback; then confirm, by the "
        "sender")},
    {"task", N_("tasks across offices and partners"),
     N_("The usual course: add - accept - done, or decline - recheck. For a partner without a terminal you enter done "
        "yourself")},
    {"deadline", N_("deadlines: what is near, what is overdue"), NULL},
    {"calendar", N_("holidays and working days"), NULL},
    {"attach", N_("letters and photos of a record"), NULL},
    {"journal", N_("the work log, across all records"), NULL},
    {"report", N_("figures with the list behind each"), NULL},
    {"feed", N_("the live feed of what happens"), NULL},
    {"review", N_("emergency looks that wait for a review"), NULL},
    {"approval", N_("what waits for a second person"), NULL},
    {"rights", N_("why somebody may see a record, or not"), NULL},
    {"duty", N_("who is on duty, when and where"), NULL},
    {"position", N_("mediation rooms and outposts"), NULL},
    {"office", N_("offices and their pairing"), NULL},
    {"area", N_("areas and whose they are"), NULL},
    {"account", N_("people and what they may do"), NULL},
    {"device", N_("terminals: invite, revoke"), NULL},
    {"directory", N_("offices and people from a CSV file"), NULL},
    {"audit", N_("who read what; is the history untouched"), NULL},
    {"admin", N_("the server: clients, log, health"), NULL},
    {"session", N_("who is logged in where"),
     N_("These are logins; a session of mediation is entered with mediation hold")},
    {"profile", N_("settings of this terminal"), NULL},
};

const struct noun *nouns_at(size_t index) { return index < sizeof nouns / sizeof *nouns ? &nouns[index] : NULL; }
