/* However the network cuts the golden frames, the same frames come out: every frame cut at each byte and at each pair
 * of bytes, and each conversation as one stream cut at each byte. A frame's body once was taken by its full length
 * instead of what was left of it, in a program of this kind (umurmur, 17 years long): this is the test for it. */
#include "golden.h"
#include "support.h"
#include "common/buffer.h"
#include "common/frame.h"
#include <stdlib.h>
#include <string.h>

#define SEVERAL 3u /* frames that are cut together: borders between frames are cut, too */

static const char *readme;
static struct golden golden;
static struct arena arena;

static int open_document(void **state) {
    (void)state;
    arena_init(&arena, 16u << 20);
    return golden_read(&golden, readme, &arena) ? 0 : -1;
}

static int close_document(void **state) {
    (void)state;
    arena_free(&arena);
    return 0;
}

/* Good frames of one direction, one behind the other. */
struct stream {
    const struct golden_frame *frames[GOLDEN_MAX];
    size_t count, size;
    uint8_t *bytes;
};

static struct stream take_stream(bool to_server, size_t skip, size_t most) {
    struct stream s = {.count = 0};
    for (size_t i = 0; i < golden.count && s.count < most; i++) {
        const struct golden_frame *f = &golden.frames[i];
        if (!f->text || f->strict != to_server || skip-- > 0) continue;
        skip = 0;
        s.frames[s.count++] = f;
        s.size += f->size;
    }
    s.bytes = malloc(s.size ? s.size : 1);
    assert_non_null(s.bytes);
    for (size_t i = 0, at = 0; i < s.count; at += s.frames[i++]->size)
        memcpy(s.bytes + at, s.frames[i]->bytes, s.frames[i]->size);
    return s;
}

/* A receiver: what came, and how many frames of the stream were taken from it. */
struct receiver {
    const struct stream *stream;
    struct buffer in;
    size_t taken;
};

/* Gives it `size` bytes and takes every whole frame, which must be the next one of the stream. */
static void give(struct receiver *r, const uint8_t *bytes, size_t size) {
    struct frame frame;
    assert_true(buffer_put(&r->in, bytes, size));
    while (frame_look(buffer_head(&r->in), buffer_size(&r->in), FRAME_CAP, &frame) == FRAME_WHOLE) {
        assert_true(r->taken < r->stream->count);
        const struct golden_frame *want = r->stream->frames[r->taken++];
        assert_int_equal(frame.need, want->size);
        assert_int_equal(frame.payload_size, want->size - FRAME_HEADER);
        assert_memory_equal(frame.payload, want->bytes + FRAME_HEADER, frame.payload_size);
        buffer_consume(&r->in, frame.need);
    }
}

/* The stream in three pieces: [0, first), [first, second), the rest. */
static void receive_cut(struct receiver *r, size_t first, size_t second) {
    const struct stream *s = r->stream;
    r->taken = 0;
    give(r, s->bytes, first);
    give(r, s->bytes + first, second - first);
    give(r, s->bytes + second, s->size - second);
    assert_int_equal(r->taken, s->count);
    assert_int_equal(buffer_size(&r->in), 0);
}

/* Every frame of the document, its followers behind it, at each pair of bytes (and so at each byte: first == second).
 */
static void each_pair_of_cuts(void **state) {
    (void)state;
    for (int to_server = 0; to_server < 2; to_server++) {
        for (size_t i = 0;; i++) {
            struct stream s = take_stream(to_server, i, SEVERAL);
            struct receiver r = {.stream = &s};
            buffer_init(&r.in, FRAME_CAP);
            for (size_t first = 0; first <= s.size; first++)
                for (size_t second = first; second <= s.size; second++) receive_cut(&r, first, second);
            buffer_free(&r.in);
            free(s.bytes);
            if (s.count == 0) break;
        }
    }
}

static void each_cut_of_the_whole(void **state) {
    (void)state;
    for (int to_server = 0; to_server < 2; to_server++) {
        struct stream s = take_stream(to_server, 0, GOLDEN_MAX);
        struct receiver r = {.stream = &s};
        assert_true(s.count > 5);
        buffer_init(&r.in, FRAME_CAP);
        for (size_t cut = 0; cut <= s.size; cut++) receive_cut(&r, cut, cut);
        buffer_free(&r.in);
        free(s.bytes);
    }
}

/* Byte by byte, as the slowest of networks brings it. */
static void each_byte_alone(void **state) {
    (void)state;
    for (int to_server = 0; to_server < 2; to_server++) {
        struct stream s = take_stream(to_server, 0, GOLDEN_MAX);
        struct receiver r = {.stream = &s};
        buffer_init(&r.in, FRAME_CAP);
        for (size_t at = 0; at < s.size; at++) give(&r, s.bytes + at, 1);
        assert_int_equal(r.taken, s.count);
        buffer_free(&r.in);
        free(s.bytes);
    }
}

/* A frame that is not whole says how much it needs, in memory that ends where its bytes end, and is never taken. */
static void part_of_a_frame(void **state) {
    (void)state;
    for (size_t i = 0; i < golden.count; i++) {
        const struct golden_frame *f = &golden.frames[i];
        if (!f->text) continue;
        for (size_t size = 0; size < f->size; size++) {
            struct frame frame = {0};
            uint8_t *exact = malloc(size ? size : 1);
            assert_non_null(exact);
            memcpy(exact, f->bytes, size);
            assert_int_equal(frame_look(exact, size, FRAME_CAP, &frame), FRAME_PARTIAL);
            assert_int_equal(frame.need, size < FRAME_HEADER ? FRAME_HEADER : f->size);
            free(exact);
        }
    }
}

int main(int argc, char **argv) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_pair_of_cuts),
        cmocka_unit_test(each_cut_of_the_whole),
        cmocka_unit_test(each_byte_alone),
        cmocka_unit_test(part_of_a_frame),
    };
    readme = argc == 2 ? argv[1] : "proto/README.md";
    return cmocka_run_group_tests_name("protocol cuts", tests, open_document, close_document);
}
