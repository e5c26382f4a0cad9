#include "common/frame.h"

enum frame_state frame_look(const uint8_t *bytes, size_t size, size_t cap, struct frame *frame) {
    *frame = (struct frame){.need = FRAME_HEADER};
    if (size < FRAME_HEADER) return FRAME_PARTIAL;
    uint32_t claim = (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
    if (claim == 0) return FRAME_EMPTY;
    if (claim > cap || claim > UINT32_MAX - FRAME_HEADER) return FRAME_TOO_LARGE;
    frame->need = FRAME_HEADER + (size_t)claim;
    if (size < frame->need) return FRAME_PARTIAL;
    frame->payload = bytes + FRAME_HEADER;
    frame->payload_size = claim;
    return FRAME_WHOLE;
}

void frame_header(uint8_t out[FRAME_HEADER], uint32_t size) {
    out[0] = (uint8_t)(size >> 24);
    out[1] = (uint8_t)(size >> 16);
    out[2] = (uint8_t)(size >> 8);
    out[3] = (uint8_t)size;
}
