#include "feed/watcher_filter.h"
#include <stdlib.h>

#define FILTER_OFFICES 64 /* wire_limits lets no more through */

struct watcher_filter {
    uint64_t kinds[4];      /* bit per request number below 256; all zero: any */
    uint32_t records;       /* bit per kind of record; 0: any */
    uint32_t classes;       /* bit per class; 0: any */
    int16_t level_at_least; /* largest number that passes (1 is the gravest); 0: any */
    uint32_t offices_count; /* 0: any */
    int32_t offices[FILTER_OFFICES];
};

bool watcher_filter_make(struct watcher_filter **out, const Liandong__V1__FeedFilter *m, const int32_t *offices,
                         const char **fault) {
    *out = NULL;
    *fault = NULL;
    if (!m->n_kinds && !m->n_classes && !m->has_level_at_least && !m->n_offices && !m->n_records) return true;
    struct watcher_filter *f = calloc(1, sizeof *f);
    if (!f) return false;
    for (size_t i = 0; i < m->n_kinds; i++) {
        uint32_t kind = event_kind(m->kinds[i]);
        if (!kind || kind >= 256) {
            *fault = m->kinds[i];
            free(f);
            return false;
        }
        f->kinds[kind / 64] |= 1ull << (kind % 64);
    }
    for (size_t i = 0; i < m->n_records; i++) f->records |= 1u << (m->records[i] & 31);
    for (size_t i = 0; i < m->n_classes; i++) f->classes |= 1u << (m->classes[i] & 31);
    f->level_at_least = (int16_t)(m->has_level_at_least ? m->level_at_least : 0);
    for (size_t i = 0; i < m->n_offices && i < FILTER_OFFICES; i++) f->offices[f->offices_count++] = offices[i];
    *out = f;
    return true;
}

static bool names_office(const struct watcher_filter *f, int32_t office) {
    for (uint32_t i = 0; i < f->offices_count; i++)
        if (f->offices[i] == office) return true;
    return false;
}

bool watcher_filter_passes(const struct watcher_filter *f, const struct event_face *face) {
    bool any_kind = !(f->kinds[0] | f->kinds[1] | f->kinds[2] | f->kinds[3]);
    if (!any_kind && (face->kind >= 256 || !(f->kinds[face->kind / 64] >> (face->kind % 64) & 1))) return false;
    if (f->records && !(f->records >> (face->record & 31) & 1)) return false;
    if (f->classes && !(f->classes >> (face->class & 31) & 1)) return false;
    if (f->level_at_least && (face->level == 0 || face->level > f->level_at_least)) return false;
    return !f->offices_count || names_office(f, face->office);
}
