/* Offices by their names. The protocol knows codes alone; people type and read names, and the server says which is
 * which. Client. */
#ifndef LIANDONG_CLIENT_OFFICE_FIND_H
#define LIANDONG_CLIENT_OFFICE_FIND_H
#include "client/call.h"

/* On an open connection: puts codes in place of the names that stand in a request. A name, or a part of one that only
 * one office has, will do. False: the connection's error, in `result`; True with result->status: nothing goes by such
 * a name, or several do, which it then tells (the arena's). */
bool office_find(struct caller *c, const ProtobufCFieldDescriptor *request, ProtobufCMessage *body,
                 uint64_t deadline_us, struct arena *arena, struct call_result *result);
/* Asks for all names, once; where the server does not tell them, codes are shown. */
void office_learn(struct caller *c);
/* The same, but only where an answer tells an office by a code whose name was not heard yet. */
void office_learn_of(struct caller *c, const ProtobufCMessage *answer);
#endif
