/* What a client may send: one payload, as the server's door sees it. */
#include "fuzz.h"
#include "wire_door.h"
#include "envelope.pb-c.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    wire_door(&liandong__v1__to_server__descriptor, true, data, size);
    return 0;
}
