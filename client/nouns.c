#include "client/language.h"
#include "client/verbs.h"
#include <stddef.h>

/* In this order they stand in the help: what a desk does all day first. */
static const struct noun nouns[] = {
    {"incident", N_("incidents: report, dispatch, handle, close")},
    {"dispute", N_("disputes: register, accept, mediate, close, archive")},
    {"mediation", N_("mediation sessions, round by round")},
    {"agreement", N_("agreements, judicial confirmation, performance")},
    {"party", N_("parties of a dispute")},
    {"person", N_("persons: find, merge, part again")},
    {"alert", N_("alerts to the other office: raise, acknowledge, act, resolve")},
    {"plan", N_("response plans: a task for each partner")},
    {"transfer", N_("transfers to the other office: send, sign, accept, report back")},
    {"task", N_("tasks across offices and partners")},
    {"deadline", N_("deadlines: what is near, what is overdue")},
    {"calendar", N_("holidays and working days")},
    {"attach", N_("letters and photos of a record")},
    {"journal", N_("the work log, across all records")},
    {"report", N_("figures with the list behind each")},
    {"feed", N_("the live feed of what happens")},
    {"review", N_("emergency looks that wait for a review")},
    {"approval", N_("what waits for a second person")},
    {"rights", N_("why somebody may see a record, or not")},
    {"duty", N_("who is on duty, when and where")},
    {"position", N_("mediation rooms and outposts")},
    {"office", N_("offices and their pairing")},
    {"area", N_("areas and whose they are")},
    {"account", N_("people and what they may do")},
    {"device", N_("terminals: invite, revoke")},
    {"directory", N_("offices and people from a CSV file")},
    {"audit", N_("who read what; is the history untouched")},
    {"admin", N_("the server: clients, log, health")},
    {"session", N_("who is logged in where")},
    {"profile", N_("settings of this terminal")},
};

const struct noun *nouns_at(size_t index) { return index < sizeof nouns / sizeof *nouns ? &nouns[index] : NULL; }
