// The actions of the paper: what `offprint run koopman ACTION` does with the reader's files.
#pragma once

#include "offprint/core/run.hpp"

namespace offprint::papers::koopman {

/// Verified eigenvalues, the certified set, modes, pseudospectrum figure.
void spectrum(Run& run);
/// res_N(z) on a grid of the complex plane.
void pseudospectrum(Run& run);
/// Spectral measure of an observable.
void measure(Run& run);
/// RAGE averages of signals.
void rage(Run& run);
/// Forecasts from certified eigenfunctions, with error bars and skill.
void forecast(Run& run);

}  // namespace offprint::papers::koopman
