#pragma once
#include <curl/curl.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/eventfd.h>

// libcurl's variadic functions can't be called from Swift, and the C compiler can't check their arguments. These give
// each kind of option one type.

#if defined(LIBCURL_VERSION_NUM) && LIBCURL_VERSION_NUM < 0x075000
#error "libcurl 7.80 or later is needed (CURLOPT_PREREQFUNCTION)"
#endif

static inline CURLcode fg_global_init(void) { return curl_global_init(CURL_GLOBAL_DEFAULT); }

// Setters of one transfer.

static inline CURLcode fg_easy_set_long(CURL *_Nonnull easy, CURLoption option, long value) {
    return curl_easy_setopt(easy, option, value);
}
static inline CURLcode fg_easy_set_offset(CURL *_Nonnull easy, CURLoption option, curl_off_t value) {
    return curl_easy_setopt(easy, option, value);
}
static inline CURLcode fg_easy_set_string(CURL *_Nonnull easy, CURLoption option, const char *_Nullable value) {
    return curl_easy_setopt(easy, option, value);
}
static inline CURLcode fg_easy_set_pointer(CURL *_Nonnull easy, CURLoption option, void *_Nullable value) {
    return curl_easy_setopt(easy, option, value);
}
static inline CURLcode fg_easy_set_const_pointer(CURL *_Nonnull easy, CURLoption option, const void *_Nullable value) {
    return curl_easy_setopt(easy, option, value);
}
static inline CURLcode fg_easy_set_slist(CURL *_Nonnull easy, CURLoption option, struct curl_slist *_Nullable value) {
    return curl_easy_setopt(easy, option, value);
}

// Callbacks.

typedef size_t (*fg_data_callback)(char *_Nullable data, size_t size, size_t count, void *_Nullable context);
typedef int (*fg_prereq_callback)(void *_Nullable context, char *_Nullable remote_ip, char *_Nullable local_ip,
                                  int remote_port, int local_port);

static inline CURLcode fg_easy_set_data_callback(CURL *_Nonnull easy, CURLoption option,
                                                 fg_data_callback _Nonnull callback) {
    return curl_easy_setopt(easy, option, callback);
}
static inline CURLcode fg_easy_set_prereq_callback(CURL *_Nonnull easy, fg_prereq_callback _Nonnull callback) {
    return curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, callback);
}

/// Only http and https, whatever a URL says.
static inline CURLcode fg_easy_allow_http_only(CURL *_Nonnull easy) {
#if LIBCURL_VERSION_NUM >= 0x075500
    return curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
#else
    return curl_easy_setopt(easy, CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
}

/// Removing a transfer must not wait for its name lookup: the lookup's thread is left to end by itself.
static inline CURLcode fg_easy_leave_resolver(CURL *_Nonnull easy) {
#if LIBCURL_VERSION_NUM >= 0x075700
    return curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
#else
    (void)easy;
    return CURLE_OK;
#endif
}

/// Path of the certificate bundle that this libcurl was built with; NULL when it has none.
static inline const char *_Nullable fg_default_ca_bundle(CURL *_Nonnull easy) {
    char *path = NULL;
#if LIBCURL_VERSION_NUM >= 0x075400
    if (curl_easy_getinfo(easy, CURLINFO_CAINFO, &path) != CURLE_OK) return NULL;
#else
    (void)easy;
#endif
    return path;
}

// What is known about one transfer; 0 when libcurl can't say.

static inline long fg_easy_get_long(CURL *_Nonnull easy, CURLINFO info) {
    long value = 0;
    return curl_easy_getinfo(easy, info, &value) == CURLE_OK ? value : 0;
}
static inline curl_off_t fg_easy_get_offset(CURL *_Nonnull easy, CURLINFO info) {
    curl_off_t value = 0;
    return curl_easy_getinfo(easy, info, &value) == CURLE_OK ? value : 0;
}

// All transfers together.

static inline CURLMcode fg_multi_set_long(CURLM *_Nonnull multi, CURLMoption option, long value) {
    return curl_multi_setopt(multi, option, value);
}

/// Told what to wait for on a socket: one of CURL_POLL_….
typedef int (*fg_socket_callback)(void *_Nullable easy, curl_socket_t socket, int what, void *_Nullable context,
                                  void *_Nullable of_socket);

static inline CURLMcode fg_multi_set_socket_callback(CURLM *_Nonnull multi, fg_socket_callback _Nonnull callback,
                                                     void *_Nullable context) {
    CURLMcode code = curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, callback);
    return code == CURLM_OK ? curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, context) : code;
}

/// What is due by time or at once.
static inline CURLMcode fg_multi_act(CURLM *_Nonnull multi) {
    int running = 0;
    return curl_multi_socket_action(multi, CURL_SOCKET_TIMEOUT, 0, &running);
}

/// What is due since a socket is ready: bits of CURL_CSELECT_….
static inline CURLMcode fg_multi_act_on(CURLM *_Nonnull multi, curl_socket_t socket, int ready) {
    int running = 0;
    return curl_multi_socket_action(multi, socket, ready, &running);
}

/// Milliseconds until something is due by time; -1 when nothing will be.
static inline long fg_multi_due(CURLM *_Nonnull multi) {
    long milliseconds = -1;
    return curl_multi_timeout(multi, &milliseconds) == CURLM_OK ? milliseconds : -1;
}

/// Takes the next finished transfer: its CURLOPT_PRIVATE pointer and its result. False when there is none.
static inline bool fg_multi_next_finished(CURLM *_Nonnull multi, void *_Nullable *_Nonnull context,
                                          CURLcode *_Nonnull result) {
    int left = 0;
    CURLMsg *message;
    while ((message = curl_multi_info_read(multi, &left))) {
        if (message->msg != CURLMSG_DONE) continue;
        char *stored = NULL;
        if (curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &stored) != CURLE_OK) continue;
        *context = stored;
        *result = message->data.result;
        return true;
    }
    return false;
}

// Waking the thread that waits in poll(2).

/// A descriptor, or -1.
static inline int fg_wake_up_make(void) { return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); }
static inline void fg_wake_up_give(int descriptor) { eventfd_write(descriptor, 1); }
static inline void fg_wake_up_take(int descriptor) {
    eventfd_t count = 0;
    eventfd_read(descriptor, &count);
}
