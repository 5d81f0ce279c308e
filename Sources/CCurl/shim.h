#pragma once
#include <curl/curl.h>
#include <stdbool.h>

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
