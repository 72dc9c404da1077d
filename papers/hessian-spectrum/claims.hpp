// The claims of the paper, each measured as the card names it; rules and verdicts are the card's business.
#pragma once

#include "offprint/core/measurement.hpp"
#include "offprint/core/run.hpp"

namespace offprint::papers::hessian_spectrum {

/// Outliers of the Gauss-Newton matrix against the number of clusters, before and after training.
[[nodiscard]] Measurement h1(const Claim& claim, Run& run);
/// Three widths on the same clusters: outliers stay, the bulk at zero grows.
[[nodiscard]] Measurement h2(const Claim& claim, Run& run);
/// Exact spectra of H, G and R = H - G.
[[nodiscard]] Measurement h3(const Claim& claim, Run& run);
/// Rank of G with few samples.
[[nodiscard]] Measurement h4(const Claim& claim, Run& run);
/// Lanczos quadrature against exact spectra.
[[nodiscard]] Measurement h5(const Claim& claim, Run& run);
/// Four widths on 1,000 MNIST images. Needs mnist.
[[nodiscard]] Measurement h6(const Claim& claim, Run& run);
/// The line between a large-batch and a small-batch solution. Needs mnist.
[[nodiscard]] Measurement h7(const Claim& claim, Run& run);
/// The largest eigenvalue at both ends of that line. Needs mnist.
[[nodiscard]] Measurement h8(const Claim& claim, Run& run);

}  // namespace offprint::papers::hessian_spectrum
