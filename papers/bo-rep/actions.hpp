// What `offprint run bo-rep` can do.
#pragma once

#include "offprint/core/run.hpp"

namespace offprint::papers::bo_rep {

void clean_text(Run& run);
void represent(Run& run);
void tune_l2(Run& run);

}  // namespace offprint::papers::bo_rep
