/* What a server may send: one payload, as a client's door sees it (fields of a newer server pass). */
#include "fuzz.h"
#include "wire_door.h"
#include "envelope.pb-c.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    wire_door(&liandong__v1__to_client__descriptor, false, data, size);
    return 0;
}
