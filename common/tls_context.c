#include "common/tls_context.h"
