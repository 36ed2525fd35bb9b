// windlass dash
#include <unistd.h>

#include <memory>
#include <utility>

#include <CLI/CLI.hpp>

#include <windlass/log.hpp>

#include "broker/open.hpp"
#include "dash/reader.hpp"
#include "dash/render.hpp"
#include "dash/screen.hpp"
#include "options.hpp"
#include "session.hpp"

namespace windlass::app {
namespace {

using namespace std::chrono_literals;

constexpr Duration kRefresh = 2s;
constexpr Duration kShortestRefresh = 100ms;

bool take_news(dash::Model& model, dash::Reader& reader) {
  dash::Reader::News news = reader.take();
  const bool any = news.snapshot || !news.told.empty();
  if (news.snapshot) model.take(*std::move(news.snapshot));
  for (dash::Reader::News::Told& told : news.told) model.told(std::move(told.message), told.failed);
  return any;
}

// Until the user leaves. Draws only when there is something new: times that pass alone are not worth a line that is
// slow.
void run(dash::Model& model, dash::Reader& reader, dash::Screen& screen) {
  dash::Query asked = model.query();
  int width = 0, height = 0;
  for (bool changed = true; !model.done();) {
    changed = take_news(model, reader) || changed;
    if (screen.width() != width || screen.height() != height) {
      model.resize(width = screen.width(), height = screen.height());
      changed = true;
    }
    if (const dash::Query query = model.query(); query != asked) reader.ask(asked = query);
    if (std::exchange(changed, false)) screen.show(dash::render(model, width, height));
    if (const auto key = screen.read_key()) {
      model.press(*key);
      changed = true;
    }
    if (model.wants_redraw()) screen.forget();
    for (const dash::Act& act : model.take_acts()) reader.act(act);
  }
}

Result<int> dash_command(const Session& session, Duration refresh) {
  if (refresh < kShortestRefresh) return Error(ErrorCode::kInvalidArgument, "--refresh: at least 100ms");
  if (!::isatty(STDIN_FILENO) || !::isatty(STDOUT_FILENO)) {
    return Error(ErrorCode::kInvalidArgument, "dash needs a terminal; scripts have windlass stats --json");
  }
  const Result<std::string> url = session.url();
  if (!url) return url.error();
  // What is away may come; what is wrong stays so.
  if (const Result<BrokerPtr> broker = session.open(); !broker && broker.error().code() != ErrorCode::kUnavailable)
    return broker.error();
  // What is logged would stand in the middle of the screen.
  set_log_level(LogLevel::kOff);
  dash::Model model(broker::redact_url(*url));
  dash::Reader reader([&session] { return session.open(); }, refresh);
  {
    dash::Screen screen;
    run(model, reader, screen);
  }
  return kOk;
}

}  // namespace

void add_dash(CLI::App& app, Session& session) {
  CLI::App* command =
      app.add_subcommand("dash", "Watch and steer queues, tasks, servers and schedulers in the terminal");
  auto refresh = std::make_shared<std::optional<Duration>>();
  add_duration(*command, "--refresh", *refresh, "how often to look (default: 2s)");
  command->callback([&session, refresh] {
    session.run = [&session, refresh] { return dash_command(session, refresh->value_or(kRefresh)); };
  });
}

}  // namespace windlass::app
