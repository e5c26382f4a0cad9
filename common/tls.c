#include "common/tls.h"
