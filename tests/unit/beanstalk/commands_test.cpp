// Every command of protocol 1.12, as bytes.
#include "beanstalk/commands.hpp"

#include <gtest/gtest.h>

namespace windlass::beanstalk {
namespace {

TEST(BeanstalkCommands, AreWrittenAsTheProtocolSays) {
  Commands c;
  c.put({2, 10, 5}, "a/b\r\nc")
      .use("mail")
      .reserve()
      .reserve_with_timeout(7)
      .reserve_job(3)
      .remove(4)
      .release(5, 2, 9)
      .bury(6, 2);
  c.touch(7)
      .watch("mail")
      .ignore("default")
      .peek(8)
      .peek_ready()
      .peek_delayed()
      .peek_buried()
      .kick(10)
      .kick_job(11)
      .stats_job(12);
  c.stats_tube("mail").stats().list_tubes().list_tube_used().list_tubes_watched().pause_tube("mail", 60);
  EXPECT_EQ(c.bytes(),
            "put 2 10 5 6\r\na/b\r\nc\r\nuse mail\r\nreserve\r\nreserve-with-timeout 7\r\nreserve-job 3\r\ndelete "
            "4\r\nrelease 5 2 9\r\n"
            "bury 6 2\r\ntouch 7\r\nwatch mail\r\nignore default\r\npeek "
            "8\r\npeek-ready\r\npeek-delayed\r\npeek-buried\r\nkick 10\r\n"
            "kick-job 11\r\nstats-job 12\r\nstats-tube "
            "mail\r\nstats\r\nlist-tubes\r\nlist-tube-used\r\nlist-tubes-watched\r\n"
            "pause-tube mail 60\r\n");
  EXPECT_EQ(c.size(), 24u) << "each command of the protocol but quit, which is closing the connection";
  c.clear();
  EXPECT_TRUE(c.empty());
  EXPECT_EQ(c.bytes(), "");
}

TEST(BeanstalkCommands, NumbersMayBeAsLargeAsTheProtocolHasThem) {
  Commands c;
  c.put({4294967295u, 4294967295u, 4294967295u}, "").touch(18446744073709551615u);
  EXPECT_EQ(c.bytes(), "put 4294967295 4294967295 4294967295 0\r\n\r\ntouch 18446744073709551615\r\n");
}

}  // namespace
}  // namespace windlass::beanstalk
