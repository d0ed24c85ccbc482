/*
 * Full TLS handshakes, one after the other: a new connection without a session, one GET, and away.
 *
 *   handshakes PORT PATH MILLISECONDS
 *
 * wrk resumes the session of the connection before, which costs the server less than a quarter.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { MOST = 1000000 };

static uint32_t latencies_us[MOST];
static int64_t errors, error_statuses, bytes;

static int64_t now_us(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000000LL + t.tv_nsec / 1000;
}

static int by_size(const void *a, const void *b) {
  uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
  return x < y ? -1 : x > y;
}

/* True when a whole answer has come. */
static int visit(SSL_CTX *context, int port, const char *request) {
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof to) != 0) {
    perror("connect");
    exit(1);
  }
  // As browsers and HTTP clients do: else the request waits for the server to acknowledge the end of the handshake.
  int yes = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  SSL *tls = SSL_new(context);
  SSL_set_fd(tls, fd);
  SSL_set_tlsext_host_name(tls, "localhost");
  char answer[65536];
  int first = 1, length = 0;
  int ok = SSL_connect(tls) == 1 && !SSL_session_reused(tls) && SSL_write(tls, request, strlen(request)) > 0;
  while (ok && (length = SSL_read(tls, answer, sizeof answer)) > 0) {
    if (first && length > 9 && answer[9] >= '4') error_statuses++;
    first = 0;
    bytes += length;
  }
  ok = ok && !first;
  SSL_free(tls);
  close(fd);
  return ok;
}

int main(int count, char **words) {
  if (count != 4) {
    fprintf(stderr, "usage: handshakes PORT PATH MILLISECONDS\n");
    return 2;
  }
  int port = atoi(words[1]);
  char request[1024];
  snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nConnection: close\r\n\r\n", words[2], port);
  signal(SIGPIPE, SIG_IGN);
  SSL_CTX *context = SSL_CTX_new(TLS_client_method());
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  int64_t start = now_us(), end = start + atoll(words[3]) * 1000, at = start;
  size_t done = 0;
  while (at < end && done < MOST) {
    int ok = visit(context, port, request);
    int64_t after = now_us();
    if (ok) latencies_us[done++] = after - at;
    else errors++;
    at = after;
  }
  qsort(latencies_us, done, sizeof *latencies_us, by_size);
  printf("RESULT {\"requests\":%zu,\"durationUs\":%lld,\"bytes\":%lld,\"errors\":%lld,\"errorStatuses\":%lld,"
    "\"p50Us\":%u,\"p99Us\":%u}\n", done, (long long)(at - start), (long long)bytes, (long long)errors,
    (long long)error_statuses, done == 0 ? 0 : latencies_us[done / 2], done == 0 ? 0 : latencies_us[done * 99 / 100]);
  return 0;
}
