#include "client/delivered.h"
#include "common/uuid.h"
#include <string.h>

bool delivered_is_ours(const Liandong__V1__Event *event, const char *office) {
    if (!office || !event->no || !event->kind || strcmp(event->kind, "send_transfer") != 0 || !event->has_record ||
        event->record != LIANDONG__V1__RECORD_TYPE__RECORD_TYPE_TRANSFER)
        return false;
    for (size_t i = 0; i < event->n_changes; i++) {
        const Liandong__V1__Change *c = event->changes[i];
        if (c->field && strcmp(c->field, "to_office") == 0) return c->new_value && strcmp(c->new_value, office) == 0;
    }
    return false;
}

bool delivered_say(struct link *link, const Liandong__V1__Event *event, uint64_t deadline_us,
                   struct link_error *error) {
    Liandong__V1__DeliverTransfer deliver = LIANDONG__V1__DELIVER_TRANSFER__INIT;
    Liandong__V1__ToServer message = LIANDONG__V1__TO_SERVER__INIT;
    uint8_t request_id[UUID_SIZE];
    if (!uuid_make(request_id)) return true;
    deliver.transfer = event->no;
    message.has_call = message.has_request_id = true;
    message.call = link->next_call++;
    message.request_id = (ProtobufCBinaryData){UUID_SIZE, request_id};
    message.body_case = LIANDONG__V1__TO_SERVER__BODY_DELIVER_TRANSFER;
    message.deliver_transfer = &deliver;
    return link_send(link, &message, deadline_us, error);
}
