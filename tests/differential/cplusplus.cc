/* needs: 2.3 */
#include "see.h"

#include <array>
#include <memory>
#include <string>

namespace {

class Ring {
public:
	explicit Ring(unsigned int entries)
	{
		aside();
		MUST(io_uring_queue_init(entries, &ring_, 0));
	}
	~Ring() { ring_down(&ring_); }
	Ring(const Ring &) = delete;
	Ring &operator=(const Ring &) = delete;
	io_uring *get() { return &ring_; }

private:
	io_uring ring_{};
};

struct Request {
	std::string text;
	int fd;
};

} // namespace

int main()
{
	int fd = temporary_file(0);
	Ring ring(8);

	part("requests as data");
	std::array<std::unique_ptr<Request>, 3> requests;
	unsigned long long offset = 0;
	for (auto &request : requests) {
		request = std::make_unique<Request>(
			Request{ "text " + std::to_string(offset), fd });
		io_uring_sqe *sqe = io_uring_get_sqe(ring.get());
		io_uring_prep_write(sqe, request->fd, request->text.data(),
				    request->text.size(), offset);
		io_uring_sqe_set_data(sqe, request.get());
		offset += request->text.size();
	}
	CALL(io_uring_submit_and_wait(ring.get(), requests.size()));

	unsigned int head, count = 0;
	io_uring_cqe *cqe = nullptr;
	io_uring_for_each_cqe(ring.get(), head, cqe) {
		auto *request =
			static_cast<Request *>(io_uring_cqe_get_data(cqe));
		see("%s: %d\n", request->text.c_str(), cqe->res);
		count++;
	}
	io_uring_cq_advance(ring.get(), count);
	VALUE(count);

	part("nothing left");
	__kernel_timespec ts = milliseconds(2);
	CALL(io_uring_wait_cqe_timeout(ring.get(), &cqe, &ts));
	CALL(io_uring_peek_cqe(ring.get(), &cqe));
	std::unique_ptr<io_uring_probe, decltype(&io_uring_free_probe)> probe(
		io_uring_get_probe_ring(ring.get()), io_uring_free_probe);
	VALUE(io_uring_opcode_supported(probe.get(), IORING_OP_READ));
	aside();
	probe.reset();
	close(fd);
	return 0;
}
