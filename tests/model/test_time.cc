#include "test_card.h"
