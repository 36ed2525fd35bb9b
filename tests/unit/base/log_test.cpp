#include <windlass/log.hpp>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <latch>
#include <mutex>
#include <set>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/log_line.hpp"

namespace windlass {
namespace {

using ::testing::EndsWith;
using ::testing::MatchesRegex;

constexpr TimePoint kNoon{std::chrono::seconds(1709208000) + std::chrono::nanoseconds(1'234'999)};

// One line of a record at kNoon.
std::string text_of(std::string_view message, const std::vector<LogField>& fields = {}) {
  return base::format_log_text({.time = kNoon, .level = LogLevel::kInfo, .message = message, .fields = &fields});
}
std::string json_of(std::string_view message, const std::vector<LogField>& fields = {}) {
  return base::format_log_json({.time = kNoon, .level = LogLevel::kInfo, .message = message, .fields = &fields});
}

TEST(LogText, BeginsWithTimeLevelAndMessage) {
  EXPECT_EQ(text_of("hello"), "2024-02-29T12:00:00.001234Z info  hello");
  EXPECT_EQ(base::format_log_text({.time = kNoTime, .level = LogLevel::kError, .message = ""}),
            "1970-01-01T00:00:00.000000Z error ");
}

TEST(LogText, ShowsFieldsAndQuotesThemWhereNeeded) {
  EXPECT_THAT(text_of("m", {{"width", "640"}, {"path", "/tmp/a-b_c.txt"}}),
              EndsWith(" m width=640 path=/tmp/a-b_c.txt"));
  EXPECT_THAT(text_of("m", {{"a", ""}, {"b", "two words"}, {"c", "x=y"}}),
              EndsWith(R"( m a="" b="two words" c="x=y")"));
  EXPECT_THAT(text_of("m", {{"a", R"(say "hi" \o/)"}}), EndsWith(R"( m a="say \"hi\" \\o/")"));
  EXPECT_THAT(text_of("m", {{"a", "gr\xC3\xBC\xC3\x9F"}}), EndsWith(" m a=\"gr\xC3\xBC\xC3\x9F\""));
  EXPECT_THAT(text_of("m", {{"two words", "x"}, {"", "y"}}), EndsWith(R"( m "two words"=x ""=y)"));
}

TEST(LogText, StaysOneLineWhateverIsInIt) {
  const std::string line = text_of("one\ntwo\r\nthree\x1b[31m", {{"k\n", "v\nv"}, {"tab", "\t"}});
  EXPECT_THAT(line, EndsWith(R"( one\ntwo\r\nthree\u001b[31m "k\n"="v\nv" tab="\t")"));
  // NEL, CSI and the line separator of Unicode.
  EXPECT_THAT(text_of("a\xC2\x85"
                      "b\xC2\x9B"
                      "c\xE2\x80\xA8"
                      "d"),
              EndsWith(R"( a\u0085b\u009bc\u2028d)"));
  EXPECT_THAT(text_of(std::string_view("a\0b", 3)), EndsWith(R"( a\u0000b)"));
}

TEST(LogText, ReplacesWhatIsNotUtf8) {
  EXPECT_THAT(text_of("a\xFF", {{"k", "\xC3"}}), EndsWith(" a\xEF\xBF\xBD k=\"\xEF\xBF\xBD\""));
}

TEST(LogText, OfTheSameKeyOnlyTheLastIsShown) {
  const std::vector<LogField> context = {{"task", "outer"}, {"queue", "low"}, {"task", "inner"}};
  const std::vector<LogField> fields = {{"queue", "high"}};
  const LogRecord record{.time = kNoon, .message = "m", .context = &context, .fields = &fields};
  EXPECT_THAT(base::format_log_text(record), EndsWith(" m task=inner queue=high"));
  EXPECT_THAT(base::format_log_json(record), EndsWith(R"("message":"m","task":"inner","queue":"high"})"));
}

TEST(LogJson, IsOneObjectOfText) {
  EXPECT_EQ(json_of("hello", {{"n", "1"}}),
            R"({"time":"2024-02-29T12:00:00.001234Z","level":"info","message":"hello","n":"1"})");
}

TEST(LogJson, EscapesAndReplaces) {
  EXPECT_THAT(json_of("a\nb\"\\", {{"k\"", "\xFF"}}), EndsWith(R"("message":"a\nb\"\\","k\"":")"
                                                               "\xEF\xBF\xBD\"}"));
}

TEST(LogJson, AFieldCannotTakeTheNameOfWhatEveryLineHas) {
  EXPECT_THAT(json_of("m", {{"time", "t"}, {"level", "l"}, {"message", "x"}}),
              EndsWith(R"("message":"m","time_":"t","level_":"l","message_":"x"})"));
}

TEST(LogLevels, AreReadInAnyCaseAndAsWarning) {
  for (const LogLevel level : {LogLevel::kDebug, LogLevel::kInfo, LogLevel::kWarn, LogLevel::kError, LogLevel::kOff}) {
    EXPECT_EQ(find_log_level(log_level_name(level)), level);
  }
  EXPECT_EQ(find_log_level("WARNING"), LogLevel::kWarn);
  EXPECT_EQ(find_log_level("Debug"), LogLevel::kDebug);
  EXPECT_EQ(find_log_level(""), std::nullopt);
  EXPECT_EQ(find_log_level("warnin"), std::nullopt);
}

// Keeps the records' messages and fields; puts the process's sink and level back at the end.
class LogTest : public ::testing::Test {
 protected:
  class Memory final : public LogSink {
   public:
    void write(const LogRecord& record) override {
      std::string line = base::format_log_text(record);
      std::lock_guard lock(mu_);
      lines_.push_back(line.substr(line.find("Z ") + 2));
    }
    std::vector<std::string> lines() {
      std::lock_guard lock(mu_);
      return lines_;
    }

   private:
    std::mutex mu_;
    std::vector<std::string> lines_;
  };

  LogTest() { set_log_sink(sink); }
  ~LogTest() override {
    set_log_sink(make_stream_sink(STDERR_FILENO, LogFormat::kText));
    set_log_level(LogLevel::kInfo);
  }

  const std::shared_ptr<Memory> sink = std::make_shared<Memory>();
};

// A file in memory that a sink writes to.
struct MemoryFile {
  MemoryFile() : fd(::memfd_create("log", MFD_CLOEXEC)) {}
  ~MemoryFile() { ::close(fd); }
  std::vector<std::string> lines() const {
    std::vector<std::string> lines(1);
    char c = 0;
    for (off_t at = 0; ::pread(fd, &c, 1, at) == 1; ++at)
      c == '\n' ? (void)lines.emplace_back() : lines.back().push_back(c);
    EXPECT_EQ(lines.back(), "") << "the last line has no end";
    lines.pop_back();
    return lines;
  }
  const int fd;
};

TEST_F(LogTest, WritesWhatIsAtLeastTheLevel) {
  log_debug("no");
  log_info("yes");
  set_log_level(LogLevel::kError);
  log_warn("no");
  log_error("yes", {{"n", "2"}});
  set_log_level(LogLevel::kOff);
  log_error("no");
  log(LogLevel::kOff, "no");
  EXPECT_THAT(sink->lines(), ::testing::ElementsAre("info  yes", "error yes n=2"));
}

TEST_F(LogTest, WithoutASinkNothingIsWritten) {
  set_log_sink(nullptr);
  log_error("nobody hears it");
  set_log_sink(sink);
  log_error("heard");
  EXPECT_EQ(sink->lines().size(), 1U);
}

TEST_F(LogTest, ScopesNestAndEnd) {
  {
    const LogScope outer({{"task", "t1"}, {"queue", "low"}});
    log_info("outer");
    {
      const LogScope inner({{"step", "2"}});
      log_info("inner", {{"n", "1"}});
      EXPECT_EQ(log_context().size(), 3U);
    }
    log_info("outer again");
  }
  log_info("outside");
  EXPECT_TRUE(log_context().empty());
  EXPECT_THAT(sink->lines(),
              ::testing::ElementsAre("info  outer task=t1 queue=low", "info  inner task=t1 queue=low step=2 n=1",
                                     "info  outer again task=t1 queue=low", "info  outside"));
}

TEST_F(LogTest, AScopeEndsWithTheExceptionThatLeavesIt) {
  try {
    const LogScope scope({{"task", "t1"}});
    throw 1;
  } catch (int) {}
  EXPECT_TRUE(log_context().empty());
}

TEST_F(LogTest, AScopeIsOfItsThreadUnlessItIsPassedOn) {
  const LogScope scope({{"task", "t1"}});
  std::thread([] { log_info("stranger"); }).join();
  std::thread([fields = log_context()] {
    const LogScope same(fields);
    log_info("helper");
  }).join();
  EXPECT_THAT(sink->lines(), ::testing::ElementsAre("info  stranger", "info  helper task=t1"));
}

TEST_F(LogTest, AStreamSinkWritesLinesInItsFormat) {
  const MemoryFile text;
  set_log_sink(make_stream_sink(text.fd, LogFormat::kText));
  log_info("one\nline", {{"k", "v"}});
  EXPECT_THAT(
      text.lines(),
      ::testing::ElementsAre(MatchesRegex("[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}\\.[0-9]{6}Z info  one\\\\nline k=v")));
  const MemoryFile json;
  set_log_sink(make_stream_sink(json.fd, LogFormat::kJson));
  log_info("one\nline");
  EXPECT_THAT(json.lines(), ::testing::ElementsAre(MatchesRegex("\\{\"time\":\".*\",\"message\":\"one\\\\nline\"\\}")));
}

TEST_F(LogTest, ADescriptorThatCannotBeWrittenIsPassedOver) {
  const int closed = ::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 500);
  ::close(closed);
  set_log_sink(make_stream_sink(closed, LogFormat::kText));
  log_error("lost");
  set_log_sink(sink);
  log_error("kept");
  EXPECT_EQ(sink->lines().size(), 1U);
}

TEST_F(LogTest, ALineThatAFullNonBlockingPipeTakesInPartsArrivesWhole) {
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_NONBLOCK | O_CLOEXEC), 0);
  const std::string message(1 << 20, 'x');
  std::string got;
  std::thread reader([&] {
    ::fcntl(ends[0], F_SETFL, 0);
    std::string chunk(1 << 16, '\0');
    for (ssize_t n; (n = ::read(ends[0], chunk.data(), chunk.size())) > 0;)
      got.append(chunk, 0, static_cast<std::size_t>(n));
  });
  set_log_sink(make_stream_sink(ends[1], LogFormat::kText));
  log_info(message);
  log_info("after");
  ::close(ends[1]);
  reader.join();
  ::close(ends[0]);
  EXPECT_NE(got.find(" info  " + message + "\n"), std::string::npos);
  EXPECT_THAT(got, EndsWith(" info  after\n"));
}

TEST_F(LogTest, LinesOfManyThreadsStayWholeWhileSinkAndLevelAreChanged) {
  constexpr int kThreads = 7;
  constexpr int kLines = 300;
  const MemoryFile files[2];
  const std::shared_ptr<LogSink> sinks[2] = {make_stream_sink(files[0].fd, LogFormat::kText),
                                             make_stream_sink(files[1].fd, LogFormat::kText)};
  set_log_sink(sinks[0]);
  std::latch start(kThreads + 1);
  std::atomic<int> running{kThreads};
  std::vector<std::thread> writers;
  for (int t = 0; t < kThreads; ++t) {
    writers.emplace_back([&, t] {
      const LogScope scope({{"thread", std::to_string(t)}});
      start.arrive_and_wait();
      for (int i = 0; i < kLines; ++i) log_error("m" + std::string(100, 'x'), {{"i", std::to_string(i)}});
      --running;
    });
  }
  start.arrive_and_wait();
  for (int i = 0; running > 0; ++i) {
    set_log_sink(sinks[i % 2]);
    set_log_level(i % 2 == 0 ? LogLevel::kDebug : LogLevel::kError);
  }
  for (std::thread& writer : writers) writer.join();

  std::set<std::string> seen;
  for (const MemoryFile& file : files) {
    for (const std::string& line : file.lines()) {
      EXPECT_THAT(line, MatchesRegex(".{27} error mx{100} thread=[0-6] i=[0-9]+"));
      seen.insert(line.substr(line.find("thread=")));
    }
  }
  EXPECT_EQ(seen.size(), static_cast<std::size_t>(kThreads * kLines)) << "a line was lost or written twice";
}

}  // namespace
}  // namespace windlass
