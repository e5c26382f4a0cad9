#include "call/line_queue.h"
#include "common/clock.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

void line_queue_init(struct line_queue *q) {
    *q = (struct line_queue){.next = 1};
    buffer_init(&q->lines, LINE_QUEUE_CAP);
    buffer_init(&q->batch, LINE_BATCH_CAP + LINE_NOTICE_MAX);
}

static size_t first_size(const struct line_queue *q) {
    const uint8_t *head = buffer_head(&q->lines), *end = memchr(head, '\n', buffer_size(&q->lines));
    return end ? (size_t)(end - head) + 1 : buffer_size(&q->lines);
}

static void drop(struct line_queue *q, uint64_t lines) {
    q->dropped += lines;
    q->dropped_total += lines;
}

void line_queue_put(struct line_queue *q, const char *line, size_t size) {
    if (size + 1 > LINE_QUEUE_CAP) return;
    while (q->waiting > 0 && buffer_size(&q->lines) + size + 1 > LINE_QUEUE_CAP) {
        buffer_consume(&q->lines, first_size(q));
        q->waiting--;
        drop(q, 1);
    }
    q->next++;
    if (buffer_put(&q->lines, line, size) && buffer_put(&q->lines, "\n", 1)) {
        q->waiting++;
        return;
    }
    /* No memory: what waits goes, so that numbers and lines stay together. */
    drop(q, q->waiting + 1);
    buffer_free(&q->lines);
    buffer_init(&q->lines, LINE_QUEUE_CAP);
    q->waiting = 0;
}

/* It takes the number of the last line that was dropped. */
static bool put_notice(struct line_queue *q) {
    char at[CLOCK_TEXT_SIZE], line[LINE_NOTICE_MAX];
    clock_print_utc(at, clock_now_ms());
    int size =
        snprintf(line, sizeof line, "{\"ts\":\"%s\",\"level\":\"warn\",\"ev\":\"log.dropped\",\"lines\":%" PRIu64 "}\n",
                 at, q->dropped);
    if (!buffer_put(&q->batch, line, (size_t)size)) return false;
    q->first--;
    q->dropped = 0;
    return true;
}

const char *line_queue_take(struct line_queue *q, uint64_t *first) {
    if (buffer_size(&q->batch) == 0 && (q->waiting > 0 || q->dropped > 0)) {
        q->first = q->next - q->waiting;
        bool good = q->dropped == 0 || put_notice(q);
        while (good && q->waiting > 0) {
            size_t size = first_size(q);
            if (buffer_size(&q->batch) + size > LINE_BATCH_CAP) break;
            good = buffer_put(&q->batch, buffer_head(&q->lines), size);
            if (!good) break;
            buffer_consume(&q->lines, size);
            q->waiting--;
        }
        if (buffer_size(&q->batch) > 0) q->batch.data[q->batch.end - 1] = '\0'; /* instead of the last newline */
    }
    *first = q->first;
    return buffer_size(&q->batch) > 0 ? (const char *)buffer_head(&q->batch) : "";
}

void line_queue_done(struct line_queue *q, bool arrived) {
    size_t size = buffer_size(&q->batch);
    uint64_t lines = size > 0;
    for (size_t i = 0; i < size; i++) lines += buffer_head(&q->batch)[i] == '\n';
    if (!arrived) drop(q, lines);
    buffer_consume(&q->batch, size);
}

bool line_queue_is_empty(const struct line_queue *q) {
    return q->waiting == 0 && q->dropped == 0 && buffer_size(&q->batch) == 0;
}

void line_queue_free(struct line_queue *q) {
    buffer_free(&q->lines);
    buffer_free(&q->batch);
}
