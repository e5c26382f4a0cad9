/* One incident that has everything that can go wrong in print. */
#ifndef LIANDONG_TESTS_CLIENT_SAMPLE_H
#define LIANDONG_TESTS_CLIENT_SAMPLE_H
#include "envelope.pb-c.h"

#define SAMPLE(name)                                                                                                   \
    char name##_no[] = "JQ-2023-000123", name##_content[] = "扬言“放火”\n楼顶\x1b[2J",                                 \
         name##_place[] = "霞光路, 烧烤店", name##_phone[] = "+8613800000000";                                         \
    uint8_t name##_id[] = {0x01, 0xa2, 0x0c, 0xc9, 0x5c, 0x75, 0x74, 0x9b,                                             \
                           0x93, 0x33, 0xef, 0x56, 0x83, 0x27, 0x1f, 0xf1};                                            \
    Liandong__V1__Threat name##_threats[] = {LIANDONG__V1__THREAT__THREAT_ARSON,                                       \
                                             LIANDONG__V1__THREAT__THREAT_SELF_HARM};                                  \
    Liandong__V1__Incident name = LIANDONG__V1__INCIDENT__INIT;                                                        \
    name.has_id = name.has_version = name.has_state = name.has_class_ = name.has_level = name.has_received_at =        \
        name.has_longitude = 1;                                                                                        \
    name.id = (ProtobufCBinaryData){16, name##_id};                                                                    \
    name.no = name##_no;                                                                                               \
    name.version = 2;                                                                                                  \
    name.state = LIANDONG__V1__INCIDENT_STATE__INCIDENT_STATE_DISPATCHED;                                              \
    name.class_ = LIANDONG__V1__INCIDENT_CLASS__INCIDENT_CLASS_EXTREME_THREAT;                                         \
    name.level = LIANDONG__V1__INCIDENT_LEVEL__INCIDENT_LEVEL_MAJOR;                                                   \
    name.received_at = INT64_C(1687695303123);                                                                         \
    name.longitude = 112.91;                                                                                           \
    name.place = name##_place;                                                                                         \
    name.reporter_phone = name##_phone;                                                                                \
    name.content = name##_content;                                                                                     \
    name.n_threats = 2;                                                                                                \
    name.threats = name##_threats
#endif
