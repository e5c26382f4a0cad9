#include "db/contract.h"
#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    Oid type;
} verdicts[PLAN_VERDICTS] = {[VERDICT_OUTCOME] = {"outcome", TYPE_TEXT},
                             [VERDICT_REASON] = {"reason", TYPE_TEXT},
                             [VERDICT_FIELD] = {"field", TYPE_TEXT},
                             [VERDICT_CONFLICT_FIELDS] = {"conflict_fields", TYPE_TEXT_ARRAY},
                             [VERDICT_CONFLICT_THEIRS] = {"conflict_theirs", TYPE_TEXT_ARRAY},
                             [VERDICT_CONFLICT_YOURS] = {"conflict_yours", TYPE_TEXT_ARRAY},
                             [VERDICT_CURRENT_VERSION] = {"current_version", TYPE_INT4},
                             [VERDICT_ALLOWED] = {"allowed", TYPE_TEXT_ARRAY},
                             [VERDICT_ROLES] = {"roles", TYPE_INT2_ARRAY},
                             [VERDICT_SEALED_RECORD] = {"sealed_record", TYPE_UUID}};

static const struct {
    Oid array, element;
} arrays[] = {
    {TYPE_BOOL_ARRAY, TYPE_BOOL},     {TYPE_BYTEA_ARRAY, TYPE_BYTEA}, {TYPE_INT2_ARRAY, TYPE_INT2},
    {TYPE_INT4_ARRAY, TYPE_INT4},     {TYPE_TEXT_ARRAY, TYPE_TEXT},   {TYPE_INT8_ARRAY, TYPE_INT8},
    {TYPE_FLOAT8_ARRAY, TYPE_FLOAT8}, {TYPE_UUID_ARRAY, TYPE_UUID},   {TYPE_TIMESTAMPTZ_ARRAY, TYPE_TIMESTAMPTZ}};

Oid contract_element(Oid array) {
    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++)
        if (arrays[i].array == array) return arrays[i].element;
    return 0;
}

/* Which SQL types one value of a protobuf type may meet. */
static const struct {
    ProtobufCType field;
    Oid types[4];
} fits[] = {{PROTOBUF_C_TYPE_STRING, {TYPE_TEXT}},
            {PROTOBUF_C_TYPE_BYTES, {TYPE_BYTEA, TYPE_UUID}},
            {PROTOBUF_C_TYPE_BOOL, {TYPE_BOOL}},
            {PROTOBUF_C_TYPE_ENUM, {TYPE_INT2, TYPE_INT4}},
            {PROTOBUF_C_TYPE_INT32, {TYPE_INT4, TYPE_INT2, TYPE_INT8}},
            {PROTOBUF_C_TYPE_UINT32, {TYPE_INT4, TYPE_INT2, TYPE_INT8}},
            {PROTOBUF_C_TYPE_INT64, {TYPE_INT8, TYPE_TIMESTAMPTZ}},
            {PROTOBUF_C_TYPE_UINT64, {TYPE_INT8}},
            {PROTOBUF_C_TYPE_DOUBLE, {TYPE_FLOAT8}}};

static bool type_fits(const ProtobufCFieldDescriptor *field, Oid type) {
    for (size_t i = 0; i < sizeof fits / sizeof *fits; i++)
        for (size_t j = 0; fits[i].field == field->type && j < 4; j++)
            if (fits[i].types[j] && fits[i].types[j] == type) return true;
    return false;
}

/* The type of the whole column or parameter, repeated fields being arrays. */
static bool field_fits(const ProtobufCFieldDescriptor *field, Oid type) {
    if (field->label != PROTOBUF_C_LABEL_REPEATED) return type_fits(field, type);
    Oid element = contract_element(type);
    return element && type_fits(field, element);
}

static const struct {
    const char *name;
    enum plan_source source;
    Oid type;
    bool writes_only;
} given[] = {{"request_id", SOURCE_REQUEST_ID, TYPE_UUID, true},
             {"act", SOURCE_ACT, TYPE_BYTEA, true},
             {"digest", SOURCE_DIGEST, TYPE_TEXT, true},
             {"device_key", SOURCE_DEVICE_KEY, TYPE_BYTEA, true},
             {"authority", SOURCE_AUTHORITY, TYPE_BYTEA, true},
             {"authority_until", SOURCE_AUTHORITY_UNTIL, TYPE_TIMESTAMPTZ, true},
             {"caller_office", SOURCE_CALLER_OFFICE, TYPE_INT4, false},
             {"caller_device", SOURCE_CALLER_DEVICE, TYPE_INT8, false},
             {"caller_officer", SOURCE_CALLER_OFFICER, TYPE_TEXT, false},
             {"caller_role", SOURCE_CALLER_ROLE, TYPE_INT4, false},
             {"caller_account", SOURCE_CALLER_ACCOUNT, TYPE_INT8, false},
             {"caller_english", SOURCE_CALLER_ENGLISH, TYPE_BOOL, false},
             {"phone_index", SOURCE_PHONE_INDEX, TYPE_BYTEA, false},
             {"place_index", SOURCE_PLACE_INDEX, TYPE_BYTEA, false},
             {"place_pairs", SOURCE_PLACE_PAIRS, TYPE_BYTEA, false},
             {"name_index", SOURCE_NAME_INDEX, TYPE_BYTEA, false},
             {"id_index", SOURCE_ID_INDEX, TYPE_BYTEA, false}};

static bool compile_given(struct plan_param *p, const char *name, bool write) {
    for (size_t i = 0; i < sizeof given / sizeof *given; i++) {
        if (strcmp(given[i].name, name) != 0 || (given[i].writes_only && !write)) continue;
        p->source = given[i].source;
        return p->type == given[i].type;
    }
    return false;
}

static bool compile_param(struct plan *plan, int i, const struct contract_terms *terms, char *error, size_t room) {
    const struct statement *s = plan->statement;
    struct plan_param *p = &plan->params[i];
    Oid type = s->param_types[i];
    *p = (struct plan_param){.type = terms->batch ? contract_element(type) : type};
    p->field = protobuf_c_message_descriptor_get_field_by_name(terms->request, s->params[i]);
    if (!p->field) {
        if (compile_given(p, s->params[i], terms->write)) return true;
        snprintf(error, room, "%s.sql: parameter :%s is no field of %s (or has the wrong type %u)", s->name,
                 s->params[i], terms->request->short_name, type);
        return false;
    }
    p->source = SOURCE_FIELD;
    p->literal = terms->batch && p->field->label == PROTOBUF_C_LABEL_REPEATED;
    if (p->literal ? p->type == TYPE_TEXT : field_fits(p->field, p->type)) return true;
    snprintf(error, room, "%s.sql: parameter :%s has type %u, which does not fit the field of %s", s->name,
             s->params[i], type, terms->request->short_name);
    return false;
}

static int find_verdict(const char *name) {
    for (int i = 0; i < PLAN_VERDICTS; i++)
        if (strcmp(verdicts[i].name, name) == 0) return i;
    return -1;
}

static bool compile_column(struct plan *plan, int i, const struct contract_terms *terms, char *error, size_t room) {
    const struct statement *s = plan->statement;
    struct plan_column *c = &plan->columns[i];
    const char *name = s->columns[i];
    *c = (struct plan_column){0};
    int verdict = find_verdict(name);
    if (verdict >= 0 && (terms->write || verdict == VERDICT_REASON || verdict == VERDICT_SEALED_RECORD)) {
        c->target = TARGET_VERDICT;
        plan->verdict[verdict] = i;
        if (s->column_types[i] == verdicts[verdict].type) return true;
        snprintf(error, room, "%s.sql: column %s must be of type %u", s->name, name, verdicts[verdict].type);
        return false;
    }
    if (terms->batch && strcmp(name, "ord") == 0) {
        c->target = TARGET_ORD;
        return s->column_types[i] == TYPE_INT8 || s->column_types[i] == TYPE_INT4;
    }
    const ProtobufCMessageDescriptor *element = plan->rows ? plan->rows->descriptor : terms->reply;
    c->target = TARGET_ELEMENT;
    c->field = protobuf_c_message_descriptor_get_field_by_name(element, name);
    if (!c->field && plan->rows) {
        c->target = TARGET_OUTER;
        c->field = protobuf_c_message_descriptor_get_field_by_name(terms->reply, name);
    }
    if (c->field && field_fits(c->field, s->column_types[i])) return true;
    if (!c->field && !terms->request) {
        c->target = TARGET_BY_HAND;
        return true;
    }
    snprintf(error, room, "%s.sql: column %s (type %u) %s %s", s->name, name, s->column_types[i],
             c->field ? "does not fit the field of" : "is no field of", element->short_name);
    return false;
}

static const ProtobufCFieldDescriptor *find_rows(const ProtobufCMessageDescriptor *reply) {
    for (unsigned i = 0; i < reply->n_fields; i++)
        if (reply->fields[i].type == PROTOBUF_C_TYPE_MESSAGE && reply->fields[i].label == PROTOBUF_C_LABEL_REPEATED)
            return &reply->fields[i];
    return NULL;
}

static bool has_ord(const struct plan *plan) {
    for (int i = 0; i < plan->statement->columns_count; i++)
        if (plan->columns[i].target == TARGET_ORD) return true;
    return false;
}

bool contract_compile(struct plan *plan, const struct statement *statement, const struct contract_terms *terms,
                      char *error, size_t room) {
    *plan = (struct plan){.statement = statement,
                          .request = terms->request,
                          .reply = terms->reply,
                          .write = terms->write,
                          .batch = terms->batch};
    plan->rows = terms->write ? NULL : find_rows(terms->reply);
    for (int i = 0; i < PLAN_VERDICTS; i++) plan->verdict[i] = -1;
    if (!statement->described) {
        snprintf(error, room, "%s.sql was not prepared", statement->name);
        return false;
    }
    for (int i = 0; terms->request && i < statement->params_count; i++)
        if (!compile_param(plan, i, terms, error, room)) return false;
    for (int i = 0; i < statement->columns_count; i++)
        if (!compile_column(plan, i, terms, error, room)) return false;
    if (terms->write && plan->verdict[VERDICT_OUTCOME] < 0) {
        snprintf(error, room, "%s.sql: a write returns a column outcome", statement->name);
        return false;
    }
    /* A write that ignores the key of its request would be carried out twice by a retry. A chunk of an attachment is
     * told from its repetition by where it begins. */
    if (terms->write && (statement_param(statement, "request_id") < 0 ||
                         (statement_param(statement, "act") < 0 && statement_param(statement, "digest") < 0))) {
        snprintf(error, room, "%s.sql: a write uses :request_id and :act", statement->name);
        return false;
    }
    if (terms->batch && !has_ord(plan)) {
        snprintf(error, room, "%s.sql: a batch numbers its rows in a column ord", statement->name);
        return false;
    }
    return true;
}

bool contract_columns(const struct statement *s, const char *const *names, const Oid *types, int count, char *error,
                      size_t room) {
    for (int i = 0; i < count; i++) {
        if (i < s->columns_count && strcmp(s->columns[i], names[i]) == 0 && s->column_types[i] == types[i]) continue;
        snprintf(error, room, "%s.sql: column %d must be %s of type %u", s->name, i + 1, names[i], types[i]);
        return false;
    }
    return true;
}
