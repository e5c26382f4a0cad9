/* `liandongd directory FILE.ini`: puts offices, pairings, devices and people into the database.
 * Composition floor. Blocking libpq, a program of its own: never called while serving.
 *
 * The file (UTF-8 INI, at most 16 MiB); one section an entry, in any order:
 *
 *   [office ytp]                    ; code: a-z 0-9 '-', 1 to 64 characters, never reused
 *   name = 岳塘派出所
 *   system = police                 ; police | judicial | partner
 *   kind = station                  ; station | judicial_office | bureau | partner
 *   partner_kind = 社区             ; of a partner only: a code or name of the table partner_kind
 *   parent = ytga                   ; code of the office above; may be left out
 *
 *   [pairing ytp yts]               ; station, judicial office
 *   since = 2019-08-01              ; today where left out
 *   until = 2026-12-31              ; last day; may be left out
 *
 *   [device ytp-duty]               ; the name in its certificate: SAN URI liandong:device:ytp-duty
 *   office = ytp
 *   officer = 张建国                 ; the device's name where left out
 *   role = duty                     ; officer | duty | chief | mediator | office_head | viewer | admin; with one it
 * acts by ; itself (a screen on a wall), left out: somebody has to log in certificate = pki/ytp-duty.crt  ; PEM,
 * relative to the folder of the INI file; or, instead of it, key = 64 hex digits             ; SHA-256 of the
 * SubjectPublicKeyInfo revoked = no                    ; yes: cut off at once, open connections too
 *
 *   [account 013527]                ; 警号, 工号
 *   name = 张建国
 *   office = ytp
 *   role = duty                     ; a first capacity; administrators give more with `liandong account assign`
 *
 * The whole file is judged first; one bad entry and nothing is written. Then every entry is put in one transaction:
 * a second run changes nothing, and entries that the file does not name stay as they are. */
#ifndef LIANDONG_SERVER_DIRECTORY_IMPORT_H
#define LIANDONG_SERVER_DIRECTORY_IMPORT_H

/* Reads `path`, writes through `conninfo`, prints one Chinese verdict a line to stdout, faults to stderr.
 * Exit code of the program: 0 done; 1 a fault in the file or refused by the database; 69 no database. */
int directory_import(const char *conninfo, const char *path);
#endif
