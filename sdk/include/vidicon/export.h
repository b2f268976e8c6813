/* SPDX-License-Identifier: MIT */
/**
 * @file export.h
 * @brief Visibility and calling convention of the public functions.
 */
#ifndef VIDICON_EXPORT_H
#define VIDICON_EXPORT_H

#if defined(_WIN32)
#define VDC_CALL __cdecl /**< Calling convention of every function and callback. */
#else
#define VDC_CALL /**< Calling convention of every function and callback. */
#endif

#if defined(VIDICON_STATIC)
#define VDC_API(type) type VDC_CALL /**< Declares a public function. */
#elif defined(_WIN32) && defined(VIDICON_BUILDING)
#define VDC_API(type) __declspec(dllexport) type VDC_CALL /**< Declares a public function. */
#elif defined(_WIN32)
#define VDC_API(type) __declspec(dllimport) type VDC_CALL /**< Declares a public function. */
#elif defined(__GNUC__)
#define VDC_API(type) \
    __attribute__((visibility("default"))) type VDC_CALL /**< Declares a public function. */
#else
#define VDC_API(type) type VDC_CALL /**< Declares a public function. */
#endif

#ifdef __cplusplus
#define VDC_BEGIN_DECLS extern "C" { /**< Opens declarations with C linkage. */
#define VDC_END_DECLS   }            /**< Closes them. */
#else
#define VDC_BEGIN_DECLS /**< Opens declarations with C linkage. */
#define VDC_END_DECLS   /**< Closes them. */
#endif

#endif
