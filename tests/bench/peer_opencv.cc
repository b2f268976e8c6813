// SPDX-License-Identifier: MIT
// OpenCV takes frames of a V4L2 node and gives them back: grab() alone, nothing is converted or copied out.
// peer_opencv NODE WIDTH HEIGHT FRAMES
#include <cstdio>
#include <cstdlib>

#include <opencv2/videoio.hpp>

int main(int argc, char **argv)
{
    if (argc < 5)
        return 2;
    cv::VideoCapture capture(argv[1], cv::CAP_V4L2);
    const double width = std::atoi(argv[2]);
    const double height = std::atoi(argv[3]);
    if (!capture.isOpened() ||
        !capture.set(cv::CAP_PROP_FOURCC, cv::VideoWriter::fourcc('Y', 'U', 'Y', 'V')) ||
        !capture.set(cv::CAP_PROP_FRAME_WIDTH, width) ||
        !capture.set(cv::CAP_PROP_FRAME_HEIGHT, height) ||
        capture.get(cv::CAP_PROP_FRAME_WIDTH) != width ||
        capture.get(cv::CAP_PROP_FRAME_HEIGHT) != height) {
        std::fprintf(stderr, "%s: not opened as asked\n", argv[1]);
        return 1;
    }
    for (int frame = std::atoi(argv[4]); frame > 0; frame--) {
        if (!capture.grab())
            return 1;
    }
    return 0;
}
