#include "offprint/core/error.hpp"
#include "subject.hpp"

namespace offprint::papers::sgd_stability {

Subject from_model(Run&) { throw NotAvailable("this build reads no TorchScript models yet; give --gradients"); }

}  // namespace offprint::papers::sgd_stability
