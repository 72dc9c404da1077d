// Drawing goes through `offprint figure`, so that the page shows what the command writes.
#include "page/server/figure_files.hpp"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "offprint/core/sha256.hpp"
#include "page/server/child_process.hpp"

namespace offprint::page {
namespace {

constexpr int kMostWaiting = 64;
constexpr std::chrono::seconds kPatience{60};
constexpr std::chrono::seconds kForget{60};  // how long a failed drawing is not tried again

std::string replaced(const std::string& text, char what, const std::string& with) {
  std::string out;
  for (const char c : text) c == what ? out += with : out += c;
  return out;
}

/// Collects the data of all marks below `node`.
void collect(const Json& node, std::vector<const Json*>& rows) {
  if (!node.is_object()) return;
  if (const auto data = node.find("data"); data != node.end() && data->is_object())
    if (const auto values = data->find("values"); values != data->end() && values->is_array()) rows.push_back(&*values);
  for (const char* part : {"layer", "concat", "hconcat", "vconcat"})
    if (const auto list = node.find(part); list != node.end() && list->is_array())
      for (const auto& inner : *list) collect(inner, rows);
  if (const auto spec = node.find("spec"); spec != node.end()) collect(*spec, rows);
}

}  // namespace

std::filesystem::path FigureFiles::file(std::int64_t run, const std::string& name, const std::string& format,
                                        const std::string& theme) {
  const auto folder = store_ / "runs" / std::to_string(run) / "rendered";
  const auto target = folder / fmt::format("{}-{}.{}", sha256(name).substr(0, 16), theme, format);
  if (std::filesystem::exists(target)) return target;
  {
    const std::lock_guard lock(mutex_);
    const auto now = std::chrono::steady_clock::now();
    std::erase_if(failed_, [&](const auto& entry) { return now - entry.second.second > kForget; });
    if (const auto at = failed_.find(target.string()); at != failed_.end()) throw HttpError(503, at->second.first, 60);
    if (waiting_ >= kMostWaiting) throw HttpError(503, "too many figures wait to be drawn; try again in a moment", 5);
    ++waiting_;
  }
  std::string failure;
  {
    const std::lock_guard one(drawing_);
    if (!std::filesystem::exists(target)) {
      try {
        std::error_code error;
        std::filesystem::create_directory(folder, error);  // not the run's folder: it may have been removed
        auto drawn = run_program({executable_.string(), "figure", std::to_string(run), name, "--" + format, "--theme",
                                  theme, "--out", target.string(), "--store", store_.string(), "--quiet"},
                                 "/", kPatience);
        while (!drawn.errors.empty() && drawn.errors.back() == '\n') drawn.errors.pop_back();
        if (drawn.exit_code != 0)
          failure = drawn.errors.starts_with("offprint: ") ? drawn.errors.substr(10) : "the figure could not be drawn";
      } catch (const Error& e) {
        failure = e.what();
      }
    }
  }
  const std::lock_guard lock(mutex_);
  --waiting_;
  if (failure.empty()) return target;
  if (failed_.size() < 1000) failed_[target.string()] = {failure, std::chrono::steady_clock::now()};
  throw HttpError(503, failure, 60);
}

std::string csv_cell(const Json& cell) {
  if (cell.is_null()) return "";
  if (!cell.is_string()) return cell.dump();
  const auto text = cell.get<std::string>();
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  return "\"" + replaced(text, '"', "\"\"") + "\"";
}

std::string figure_csv(const Json& spec) {
  std::vector<const Json*> layers;
  collect(spec, layers);
  std::vector<std::string> columns;
  const auto keep = [](const Json& value) {
    return !value.is_structured() && !(value.is_string() && value.get_ref<const std::string&>().starts_with("data:"));
  };
  for (const auto* rows : layers)
    for (const auto& row : *rows)
      if (row.is_object())
        for (const auto& [name, value] : row.items())
          if (keep(value) && std::find(columns.begin(), columns.end(), name) == columns.end()) columns.push_back(name);
  const bool several = layers.size() > 1;
  std::string csv = several ? "layer" : "";
  for (const auto& column : columns) csv += (csv.empty() ? "" : ",") + csv_cell(column);
  csv += "\r\n";
  for (std::size_t i = 0; i < layers.size(); ++i)
    for (const auto& row : *layers[i]) {
      if (!row.is_object()) continue;
      std::string line = several ? std::to_string(i + 1) : "";
      for (std::size_t j = 0; j < columns.size(); ++j) {
        const auto at = row.find(columns[j]);
        line += (j > 0 || several ? "," : "") + (at != row.end() && keep(*at) ? csv_cell(*at) : std::string());
      }
      csv += line + "\r\n";
    }
  return csv;
}

}  // namespace offprint::page
