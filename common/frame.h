/* Frames: a u32 big-endian length and that many bytes.
 * Floor 1 (common). Pure: takes bytes, gives bytes.
 *
 * The only code that touches lengths. A length is judged against the cap before anything is taken for it. */
#ifndef LIANDONG_COMMON_FRAME_H
#define LIANDONG_COMMON_FRAME_H
#include <stddef.h>
#include <stdint.h>

#define FRAME_HEADER    4u
#define FRAME_CAP_HELLO 4096u    /* bytes of payload before the hello was served (threat: floods from strangers) */
#define FRAME_CAP       1048576u /* and afterwards */

enum frame_state {
    FRAME_PARTIAL,   /* more bytes are needed: `need` in all, header included (4 while the header is incomplete) */
    FRAME_WHOLE,     /* payload and payload_size are set; the frame took `need` bytes */
    FRAME_TOO_LARGE, /* claims more than the cap: close */
    FRAME_EMPTY      /* claims 0 bytes: close (no message packs to nothing) */
};
struct frame {
    const uint8_t *payload;
    size_t payload_size, need;
};
/* Looks at the first frame in `bytes`. Never reads past `size`. */
enum frame_state frame_look(const uint8_t *bytes, size_t size, size_t cap, struct frame *frame);
/* Writes the header of a payload of `size` bytes. */
void frame_header(uint8_t out[FRAME_HEADER], uint32_t size);
#endif
