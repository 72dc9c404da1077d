// HTML is a tree that pugixml writes, so that every foreign word in it is escaped; the style is in the head and
// repeated on no element, and mail readers that drop it show plain but readable text.
#include "page/digest/compose.hpp"

#include <algorithm>
#include <map>
#include <sstream>

#include <fmt/format.h>
#include <pugixml.hpp>

#include "offprint/core/sha256.hpp"
#include "page/syndication/clean_text.hpp"

namespace offprint::page {
namespace {

// No characters that XML would escape: no child selectors, no quotes of either kind around < or &.
constexpr const char* kStyle = R"css(
:root { color-scheme: light dark; supported-color-schemes: light dark; }
body { margin: 0; padding: 24px 12px; background: #f6f6f4; color: #1d1d1b;
  font: 16px/1.5 system-ui, -apple-system, Segoe UI, Roboto, Helvetica, Arial, sans-serif; }
.sheet { max-width: 640px; margin: 0 auto; padding: 24px; background: #ffffff; border: 1px solid #e2e2dd; border-radius: 10px; }
h1 { font-size: 24px; line-height: 1.25; margin: 0 0 4px 0; }
h2 { font-size: 18px; margin: 32px 0 0 0; padding: 0 0 6px 0; border-bottom: 1px solid #e2e2dd; }
h3 { font-size: 16px; line-height: 1.35; margin: 20px 0 2px 0; }
p { margin: 4px 0; }
a { color: #0b57a4; }
.quiet { color: #63635e; font-size: 14px; }
.verdict { font-size: 14px; font-weight: 600; }
.foot { max-width: 640px; margin: 16px auto 0 auto; padding: 0 24px; color: #63635e; font-size: 13px; }
.button { display: inline-block; margin: 16px 0; padding: 10px 20px; background: #0b57a4; color: #ffffff;
  border-radius: 6px; text-decoration: none; font-weight: 600; }
@media (prefers-color-scheme: dark) {
  body { background: #161615; color: #e9e9e4; }
  .sheet { background: #20201f; border-color: #3a3a37; }
  h2 { border-color: #3a3a37; }
  a { color: #8ab8f0; }
  .quiet, .foot { color: #a5a59e; }
  .button { background: #8ab8f0; color: #10233a; }
}
)css";

/// A mail being written in both forms at once, so that they cannot differ.
class Writer {
 public:
  explicit Writer(const std::string& title) {
    document_.append_child(pugi::node_doctype).set_value("html");
    auto html = document_.append_child("html");
    html.append_attribute("lang").set_value("en");
    auto head = html.append_child("head");
    head.append_child("meta").append_attribute("charset").set_value("utf-8");
    meta(head, "viewport", "width=device-width, initial-scale=1");
    meta(head, "color-scheme", "light dark");
    meta(head, "supported-color-schemes", "light dark");
    head.append_child("title").text().set(title.c_str());
    head.append_child("style").text().set(kStyle);
    body_ = html.append_child("body");
    at_ = block("div", "sheet");
    heading("h1", title);
  }

  void heading(const char* level, const std::string& text) {
    at_.append_child(level).text().set(text.c_str());
    text_ += (text_.empty() ? "" : "\n") + text + "\n";
    if (std::string_view(level) != "h3")
      text_ += std::string(std::min<std::size_t>(text.size(), 70), level[1] == '1' ? '=' : '-') + "\n";
  }
  /// A heading that is a link; in plain text the address stands below.
  void linked_heading(const std::string& text, const std::string& address) {
    auto a = at_.append_child("h3").append_child("a");
    a.append_attribute("href").set_value(address.c_str());
    a.text().set(text.c_str());
    text_ += "\n* " + wrapped(text, 2).substr(2) + "\n  " + address + "\n";
  }
  void paragraph(const std::string& text, const char* style = nullptr, std::size_t indent = 0) {
    if (text.empty()) return;
    auto p = at_.append_child("p");
    if (style != nullptr) p.append_attribute("class").set_value(style);
    p.text().set(text.c_str());
    text_ += wrapped(text, indent) + "\n";
  }
  /// A paragraph with one link at its end; in plain text the address follows.
  void link(const std::string& before, const std::string& text, const std::string& address,
            const char* style = nullptr) {
    auto p = at_.append_child("p");
    if (style != nullptr && std::string_view(style) != "button") p.append_attribute("class").set_value(style);
    if (!before.empty()) p.append_child(pugi::node_pcdata).set_value((before + " ").c_str());
    auto a = p.append_child("a");
    if (style != nullptr && std::string_view(style) == "button") a.append_attribute("class").set_value("button");
    a.append_attribute("href").set_value(address.c_str());
    a.text().set(text.c_str());
    text_ += wrapped(before.empty() ? text + ":" : before + " " + text + ":", 0) + "\n" + address + "\n";
  }
  void foot() {
    at_ = block("div", "foot");
    text_ += "\n-- \n";
  }

  void finish(Message& message) {
    std::ostringstream out;
    // indented so that no line grows long; mail is read by people who look at its source, too
    document_.save(out, "", pugi::format_indent | pugi::format_no_declaration, pugi::encoding_utf8);
    message.html = out.str();
    message.text = text_;
  }

 private:
  pugi::xml_node block(const char* name, const char* style) {
    auto node = body_.append_child(name);
    node.append_attribute("class").set_value(style);
    return node;
  }
  static void meta(pugi::xml_node head, const char* name, const char* content) {
    auto node = head.append_child("meta");
    node.append_attribute("name").set_value(name);
    node.append_attribute("content").set_value(content);
  }
  /// Wrapped at spaces to 72 columns.
  static std::string wrapped(const std::string& text, std::size_t indent) {
    std::string out;
    std::string line;
    std::istringstream words(text);
    for (std::string word; words >> word;) {
      if (!line.empty() && indent + line.size() + 1 + word.size() > 72) {
        out += std::string(indent, ' ') + line + "\n";
        line.clear();
      }
      line += (line.empty() ? "" : " ") + word;
    }
    return out + std::string(indent, ' ') + line;
  }

  pugi::xml_document document_;
  pugi::xml_node body_;
  pugi::xml_node at_;
  std::string text_;
};

std::string host_of(const MailSettings& settings) {
  return settings.from.address.substr(settings.from.address.rfind('@') + 1);
}

/// Unique for what it is made from, and telling nothing of it.
std::string message_id(const std::string& kind, const std::string& of, const MailSettings& settings) {
  return kind + "." + sha256(settings.base_url + "\n" + kind + "\n" + of).substr(0, 24) + "@" + host_of(settings);
}

std::vector<std::pair<std::string, std::string>> automatic() {
  return {{"Auto-Submitted", "auto-generated"}, {"X-Auto-Response-Suppress", "All"}};
}

void tell(Writer& w, const EditionPaper& paper, const MailSettings& settings, bool in_full) {
  w.linked_heading(paper.title.empty() ? "(untitled)" : paper.title, paper_url(settings.base_url, paper.key));
  std::string about = paper.authors;
  const auto add = [&](const std::string& more) { about += (about.empty() || more.empty() ? "" : " · ") + more; };
  if (!paper.categories.empty()) add(paper.categories.front());
  if (paper.upvotes > 0) add(fmt::format("{} upvote{}", paper.upvotes, paper.upvotes == 1 ? "" : "s"));
  w.paragraph(about, "quiet", 2);
  w.paragraph(paper.verdicts, "verdict", 2);
  if (!in_full) return;
  w.paragraph(paper.text, nullptr, 2);
  if (!paper.source.empty()) w.link("", "The authors' page", paper.source, "quiet");
}

}  // namespace

Message digest_mail(const Edition& edition, const Selection& selection, const Reader& reader,
                    const MailSettings& settings, std::int64_t date) {
  std::map<std::string, const EditionPaper*, std::less<>> by_key;
  for (const auto& paper : edition.papers) by_key[paper.key] = &paper;
  const bool daily = edition.frequency == Frequency::kDaily;
  const std::string when = daily ? edition.to : edition.from + " to " + edition.to;
  const auto count = selection.papers.size();

  Message message;
  message.from = settings.from;
  message.to = reader.email;
  message.date = date;
  message.message_id = message_id(edition.name, std::to_string(reader.number), settings);
  message.subject = fmt::format("Offprint {}: ", daily ? edition.to : edition.name.substr(7));
  if (count == 0) {
    message.subject += "verdicts changed";
  } else {
    const auto first = by_key.find(selection.papers.front());
    message.subject += fmt::format("{} paper{}", count, count == 1 ? "" : "s");
    if (first != by_key.end()) message.subject += ", " + shortened(first->second->title, 70);
  }
  message.headers = automatic();
  message.headers.emplace_back("List-Id", fmt::format("Offprint digest <{}.offprint-digest.{}>",
                                                      to_string(edition.frequency), host_of(settings)));
  message.headers.emplace_back("List-Unsubscribe", "<" + reader.link + ">");
  message.headers.emplace_back("List-Unsubscribe-Post", "List-Unsubscribe=One-Click");
  message.headers.emplace_back("Precedence", "bulk");

  Writer w(daily ? "The papers of " + edition.to : "The papers of the week, " + when);
  w.paragraph("You asked for: " + describe(reader.wish) + ".", "quiet");
  if (count > 0) w.heading("h2", fmt::format("{} new paper{}", count, count == 1 ? "" : "s"));
  for (std::size_t i = 0; i < std::min(count, kMailPapers); ++i)
    if (const auto paper = by_key.find(selection.papers[i]); paper != by_key.end())
      tell(w, *paper->second, settings, true);
  if (count > kMailPapers)
    w.link(fmt::format("And {} more,", count - kMailPapers), "all on the page",
           settings.base_url + (daily ? "/day/" : "/week/") + edition.to);

  const auto changed = [&](const EditionChange& c) {
    return std::find(selection.changes.begin(), selection.changes.end(), c.key) != selection.changes.end();
  };
  if (!selection.changes.empty()) w.heading("h2", "Verdicts that changed");
  std::string paper_told;
  for (const auto& change : edition.changes) {
    if (!changed(change)) continue;
    if (change.key != paper_told) w.linked_heading(change.title, paper_url(settings.base_url, change.key));
    paper_told = change.key;
    w.paragraph(change.text, nullptr, 2);
  }

  constexpr std::size_t kTrendingShown = 5;
  std::vector<const EditionPaper*> trending;
  for (const auto& paper : edition.trending) {
    const bool told = std::find(selection.papers.begin(), selection.papers.end(), paper.key) != selection.papers.end();
    if (!told && asked_for(reader.wish.categories, paper.categories) && trending.size() < kTrendingShown)
      trending.push_back(&paper);
  }
  if (!trending.empty()) w.heading("h2", "Trending");
  for (const auto* paper : trending) tell(w, *paper, settings, false);

  w.foot();
  w.paragraph("You get this because " + reader.email + " was subscribed and confirmed.");
  w.link("", "Unsubscribe", reader.link);
  w.link("", "Change what you get", settings.base_url + "/subscribe");
  w.finish(message);
  return message;
}

Message confirmation_mail(const Reader& reader, const std::string& asked, const MailSettings& settings,
                          std::int64_t date) {
  Message message;
  message.from = settings.from;
  message.to = reader.email;
  message.date = date;
  message.message_id = message_id("confirm", std::to_string(reader.number) + "\n" + asked, settings);
  message.subject = "Confirm your subscription to Offprint";
  message.headers = automatic();
  Writer w("Confirm your subscription");
  w.paragraph("Somebody, probably you, asked that Offprint's papers be sent to " + reader.email + ": " +
              describe(reader.wish) + ".");
  w.link("", "Confirm the subscription", reader.link, "button");
  w.paragraph("The link works for 48 hours. Without it nothing will be sent, and the address is forgotten.");
  w.paragraph("If it was not you, there is nothing to do.", "quiet");
  w.foot();
  w.link("", "Offprint", settings.base_url + "/");
  w.finish(message);
  return message;
}

}  // namespace offprint::page
