// Tasks made of departments, encoders trained by any method and judged on departments they never saw: B7 and the action
// represent.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "method.hpp"
#include "offprint/core/run.hpp"
#include "offprint/optimize/text_representation.hpp"
#include "texts.hpp"

namespace offprint::papers::bo_rep {

/// How many texts of each class a task takes. With two classes and 25 + 25 texts: support 13 + 12, query 12 + 13.
struct TaskShape {
  std::size_t support = 25;
  std::size_t query = 25;
};

/// Texts of the class that a task takes most of.
[[nodiscard]] std::size_t texts_needed(std::size_t classes, const TaskShape& shape);

/// `count` tasks, each of one of the domains drawn at random, its texts without replacement and balanced over the
/// classes. Throws InputError when a domain has too few texts of a class, naming it.
[[nodiscard]] std::vector<optimize::TextTask> draw_tasks(const PreparedTexts& texts,
                                                         const std::vector<std::string>& domains, std::size_t count,
                                                         const TaskShape& shape, Stream random);
/// Texts of the domain's scarcest class.
[[nodiscard]] std::size_t scarcest(const PreparedTexts& texts, const std::string& domain);

/// Mean query accuracy of adapters fitted on the tasks' supports; the encoder is fixed. Standard error over tasks.
struct TransferAccuracy {
  double mean = 0;
  double standard_error = 0;
  template <class Archive>
  void serialize(Archive& archive) {
    archive(mean, standard_error);
  }
};
[[nodiscard]] TransferAccuracy transfer(const optimize::TextLoss& loss, const Eigen::VectorXd& encoder,
                                        const std::vector<optimize::TextTask>& tasks,
                                        const optimize::AdapterOptions& adapter = {});
/// The same with the mean word vector in the encoder's place.
[[nodiscard]] TransferAccuracy transfer_of_means(const PreparedTexts& texts,
                                                 const std::vector<optimize::TextTask>& tasks,
                                                 const optimize::AdapterOptions& adapter = {});

/// Where a run ends: what comes last of the two budgets, and what it had reached at each.
struct Budgets {
  double calls = 0;    ///< gradients, products counted two; 0: none
  double seconds = 0;  ///< 0: none
};

struct RepresentationOutcome {
  Eigen::VectorXd at_calls;    ///< the encoder when the calls were spent (or at the end)
  Eigen::VectorXd at_seconds;  ///< and the seconds
  double loss = 0;             ///< upper loss over all training tasks at the end of `at_calls`
  double calls = 0;
  double seconds = 0;
  std::uint64_t steps = 0;
  std::string stopped{};
  std::vector<double> step{};
  std::vector<double> logged_calls{};
  std::vector<double> logged_seconds{};
  std::vector<double> logged_loss{};
  std::vector<double> momentum{};

  template <class Archive>
  void serialize(Archive& archive) {
    archive(at_calls, at_seconds, loss, calls, seconds, steps, stopped, step, logged_calls, logged_seconds, logged_loss,
            momentum);
  }
};

/// Runs a method from the encoder `x` and y = 0. With budgets it goes on until both are spent (at most ten times
/// `method.steps`), else for `method.steps` steps.
[[nodiscard]] RepresentationOutcome train_encoder(const optimize::TextRepresentation& problem, const Eigen::VectorXd& x,
                                                  const MethodOptions& method, const Budgets& budgets,
                                                  std::uint64_t log, const CancelToken& cancel = {},
                                                  Clock clock = Clock::kThread);
/// No bilevel structure: SGD on encoder and head together, on supports and queries of the samples' tasks.
[[nodiscard]] Eigen::VectorXd train_jointly(const optimize::TextRepresentation& problem, Eigen::VectorXd x, double rate,
                                            std::uint64_t steps, Stream random, const CancelToken& cancel = {});

}  // namespace offprint::papers::bo_rep
